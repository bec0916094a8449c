// See places.h.
#include "core/schedule/places.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cox::core {

std::vector<PlaceSet::Run>::iterator PlaceSet::run_of(const Place& place) {
  return std::lower_bound(runs_.begin(), runs_.end(), place,
                          [](const Run& run, const Place& with) { return run.back() < with; });
}

void PlaceSet::insert(const Place& place) {
  auto run = run_of(place);
  if (run == runs_.end()) {  // behind all others, as most jobs come
    if (runs_.empty() || runs_.back().size() >= run_max) runs_.emplace_back();
    runs_.back().push_back(place);
    ++size_;
    return;
  }
  const auto at = std::lower_bound(run->begin(), run->end(), place);
  if (*at == place) return;
  run->insert(at, place);
  ++size_;
  if (run->size() <= run_max) return;
  const auto middle = run->begin() + static_cast<std::ptrdiff_t>(run->size() / 2);
  Run later(middle, run->end());
  run->erase(middle, run->end());
  runs_.insert(run + 1, std::move(later));
}

const Place* PlaceSet::after(const Place& place) const {
  const auto run = std::partition_point(runs_.begin(), runs_.end(),
                                        [&place](const Run& one) { return !(place < one.back()); });
  if (run == runs_.end()) return nullptr;
  return &*std::upper_bound(run->begin(), run->end(), place);
}

void PlaceSet::erase(const Place& place) {
  const auto run = run_of(place);
  if (run == runs_.end()) return;
  const auto at = std::lower_bound(run->begin(), run->end(), place);
  if (!(*at == place)) return;
  run->erase(at);
  --size_;
  if (run->empty()) runs_.erase(run);
}

const SeatTable::First* SeatTable::find(JobId id) const {
  const auto page = pages_.find(id.value / page_jobs);
  if (page == pages_.end()) return nullptr;
  const First& first = page->second->seats[id.value % page_jobs];
  return first.which == nobody ? nullptr : &first;
}

void SeatTable::insert(JobId id, const std::vector<Seat>& seats) {
  if (seats.empty()) return;
  std::unique_ptr<Page>& page = pages_[id.value / page_jobs];
  if (page == nullptr) page = std::make_unique<Page>();
  page->seats[id.value % page_jobs] =
      First{seats.front().place.key, seats.front().which, seats.size() > 1};
  ++page->count;
  ++size_;
  if (seats.size() > 1) more_[id].assign(seats.begin() + 1, seats.end());
}

std::vector<Seat> SeatTable::at(JobId id) const {
  const First* first = find(id);
  if (first == nullptr) return {};
  std::vector<Seat> seats{Seat{first->which, Place{first->key, id}}};
  if (!first->has_more) return seats;
  const std::vector<Seat>& more = more_.at(id);
  seats.insert(seats.end(), more.begin(), more.end());
  return seats;
}

void SeatTable::erase(JobId id) {
  const First* first = find(id);
  if (first == nullptr) return;
  if (first->has_more) more_.erase(id);
  const auto page = pages_.find(id.value / page_jobs);
  page->second->seats[id.value % page_jobs] = First{};
  --size_;
  if (--page->second->count == 0) pages_.erase(page);
}

void SeatTable::clear() {
  pages_.clear();
  more_.clear();
  size_ = 0;
}

}  // namespace cox::core
