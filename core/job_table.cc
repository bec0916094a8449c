// See job_table.h.
#include "core/job_table.h"

#include <algorithm>
#include <utility>

#include "common/assert.h"
#include "core/state.h"

namespace cox::core {

JobTable::Iterator::Iterator(const JobTable* table, std::uint64_t from)
    : table_(table), job_(table->first_from(from)) {}

JobTable::Iterator& JobTable::Iterator::operator++() {
  job_ = table_->first_from(job_->id.value + 1);
  return *this;
}

JobTable::Iterator JobTable::Iterator::operator++(int) {
  Iterator before = *this;
  ++*this;
  return before;
}

JobTable::JobTable() = default;
JobTable::~JobTable() = default;

JobTable::JobTable(const JobTable& other) {
  for (const Job& job : other) insert(job);
}

JobTable::JobTable(JobTable&& other) noexcept
    : base_(std::exchange(other.base_, 0)),
      pages_(std::exchange(other.pages_, {})),
      size_(std::exchange(other.size_, 0)) {}

JobTable& JobTable::operator=(const JobTable& other) {
  if (this != &other) *this = JobTable(other);
  return *this;
}

JobTable& JobTable::operator=(JobTable&& other) noexcept {
  base_ = std::exchange(other.base_, 0);
  pages_ = std::exchange(other.pages_, {});
  size_ = std::exchange(other.size_, 0);
  return *this;
}

const Job* JobTable::find(JobId id) const {
  const Page* page = page_at(page_of(id));
  return page == nullptr ? nullptr : page->jobs[id.value % jobs_per_page].get();
}

Job* JobTable::find(JobId id) {
  return const_cast<Job*>(std::as_const(*this).find(id));
}

const Job& JobTable::at(JobId id) const {
  const Job* job = find(id);
  ASSERT(job != nullptr);
  return *job;
}

Job& JobTable::insert(Job job) {
  const JobId id = job.id;
  const std::unique_ptr<Page>& page = make_page(page_of(id));
  std::unique_ptr<Job>& slot = page->jobs[id.value % jobs_per_page];
  if (slot == nullptr) {
    ++page->count;
    ++size_;
  }
  slot = std::make_unique<Job>(std::move(job));
  return *slot;
}

bool JobTable::erase(JobId id) {
  if (find(id) == nullptr) return false;
  std::unique_ptr<Page>& page = pages_[page_of(id) - base_];
  page->jobs[id.value % jobs_per_page].reset();
  --size_;
  if (--page->count == 0) {
    page.reset();
    drop_first_pages();
  }
  return true;
}

/// Numbers below the first wrap around, and are beyond the last.
const JobTable::Page* JobTable::page_at(JobPage page) const {
  return page - base_ < pages_.size() ? pages_[page - base_].get() : nullptr;
}

std::unique_ptr<JobTable::Page>& JobTable::make_page(JobPage page) {
  if (pages_.empty()) base_ = page;
  if (page < base_) {
    std::vector<std::unique_ptr<Page>> wider(base_ - page + pages_.size());
    std::ranges::move(pages_, wider.begin() + static_cast<std::ptrdiff_t>(base_ - page));
    pages_ = std::move(wider);
    base_ = page;
  }
  if (page - base_ >= pages_.size()) pages_.resize(page - base_ + 1);
  std::unique_ptr<Page>& made = pages_[page - base_];
  if (made == nullptr) made = std::make_unique<Page>();
  return made;
}

void JobTable::drop_first_pages() {
  const auto first = std::ranges::find_if(pages_, [](const auto& page) { return page != nullptr; });
  const auto empty = first - pages_.begin();
  if (2 * static_cast<std::size_t>(empty) < pages_.size()) return;
  base_ += static_cast<JobPage>(empty);
  pages_.erase(pages_.begin(), first);
}

std::vector<const Job*> JobTable::jobs_of(JobPage page) const {
  std::vector<const Job*> found;
  const Page* here = page_at(page);
  if (here == nullptr) return found;
  found.reserve(here->count);
  for (const std::unique_ptr<Job>& job : here->jobs) {
    if (job != nullptr) found.push_back(job.get());
  }
  return found;
}

const Job* JobTable::first_from(std::uint64_t id) const {
  for (JobPage page = std::max(id / jobs_per_page, base_); page < pages_end(); ++page) {
    if (const Page* here = page_at(page); here != nullptr) {
      const auto& jobs = here->jobs;
      const std::uint64_t first = page * jobs_per_page;
      for (std::size_t slot = id > first ? id - first : 0; slot < jobs.size(); ++slot) {
        if (jobs[slot] != nullptr) return jobs[slot].get();
      }
    }
  }
  return nullptr;
}

bool operator==(const JobTable& a, const JobTable& b) {
  return a.size_ == b.size_ && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace cox::core
