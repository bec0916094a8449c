// Open addressing by the first 64 bits of the hash, which no client can choose at will.
#include "ctld/blob_counts.h"

#include <cstring>
#include <type_traits>
#include <variant>

namespace cox::ctld {

namespace {

std::uint64_t key_of(const Hash& hash) {
  std::uint64_t key = 0;
  std::memcpy(&key, hash.bytes.data(), sizeof key);
  return key;
}

template <class Visit>
void for_each_reference(const core::Job& job, Visit visit) {
  const auto visit_one = [&](const Hash& hash) {
    if (!hash.empty()) visit(hash);
  };
  visit_one(job.request.script);
  visit_one(job.request.environment);
  visit_one(job.request.common->initial_step.environment);
  for (const core::Step& step : job.run->steps) visit_one(step.request.environment);
}

/// Calls `visit` for each job whose references `fact` may change.
template <class Visit>
void for_each_job(const core::State& state, const core::Fact& fact, Visit visit) {
  const auto visit_one = [&](JobId id) {
    if (const core::Job* job = state.find_job(id)) visit(*job);
  };
  std::visit(
      [&](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<One, core::JobsForgotten>) {
          for (const JobId job : one.jobs) visit_one(job);
        } else if constexpr (std::is_same_v<One, core::JobSubmitted> ||
                             std::is_same_v<One, core::ElementSplit> ||
                             std::is_same_v<One, core::JobUpdated> ||
                             std::is_same_v<One, core::JobStarted> ||
                             std::is_same_v<One, core::StartUndone> ||
                             std::is_same_v<One, core::JobRequeued> ||
                             std::is_same_v<One, core::StepQueued> ||
                             std::is_same_v<One, core::StepStarted>) {
          visit_one(one.job);
        }
      },
      fact);
}

}  // namespace

void BlobCounts::restore(const core::Job& job) {
  for_each_reference(job, [this](const Hash& hash) { add(hash); });
}

void BlobCounts::before(const core::State& state, const core::Fact& fact) {
  released_.clear();
  for_each_job(state, fact, [this](const core::Job& job) {
    for_each_reference(job, [this](const Hash& hash) { released_.push_back(hash); });
  });
}

void BlobCounts::after(const core::State& state, const core::Fact& fact, std::uint64_t sequence) {
  for_each_job(state, fact, [this](const core::Job& job) { restore(job); });
  for (const Hash& hash : released_) {
    if (remove(hash)) unused_.emplace_back(sequence, hash);
  }
}

std::vector<Hash> BlobCounts::take_unused(std::uint64_t sequence) {
  std::vector<Hash> hashes;
  std::size_t taken = 0;
  for (; taken < unused_.size() && unused_[taken].first <= sequence; ++taken) {
    if (count(unused_[taken].second) == 0) hashes.push_back(unused_[taken].second);
  }
  unused_.erase(unused_.begin(), unused_.begin() + static_cast<std::ptrdiff_t>(taken));
  return hashes;
}

std::uint32_t BlobCounts::count(const Hash& hash) const {
  return entries_.empty() ? 0 : entries_[place(key_of(hash))].users;
}

void BlobCounts::add(const Hash& hash) {
  if ((size_ + 1) * 4 > entries_.size() * 3) grow();
  Entry& entry = entries_[place(key_of(hash))];
  if (entry.users == 0) {
    entry.key = key_of(hash);
    ++size_;
  }
  ++entry.users;
}

bool BlobCounts::remove(const Hash& hash) {
  if (entries_.empty()) return false;
  const std::size_t at = place(key_of(hash));
  if (entries_[at].users == 0 || --entries_[at].users != 0) return false;
  --size_;
  close_gap(at);
  return true;
}

/// The entry of `key`, or the free one where it belongs.
std::size_t BlobCounts::place(std::uint64_t key) const {
  const std::size_t mask = entries_.size() - 1;
  std::size_t at = static_cast<std::size_t>(key) & mask;
  while (entries_[at].users != 0 && entries_[at].key != key) at = (at + 1) & mask;
  return at;
}

void BlobCounts::grow() {
  std::vector<Entry> old(entries_.empty() ? 64 : entries_.size() * 2);
  old.swap(entries_);
  for (const Entry& entry : old) {
    if (entry.users != 0) entries_[place(entry.key)] = entry;
  }
}

/// Moves back what stands behind the gap and would not be found across it.
void BlobCounts::close_gap(std::size_t gap) {
  const std::size_t mask = entries_.size() - 1;
  for (std::size_t at = (gap + 1) & mask; entries_[at].users != 0; at = (at + 1) & mask) {
    const std::size_t home = static_cast<std::size_t>(entries_[at].key) & mask;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    entries_[gap] = entries_[at];
    gap = at;
  }
  entries_[gap] = Entry{};
}

}  // namespace cox::ctld
