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
    : pages_(std::exchange(other.pages_, {})), size_(std::exchange(other.size_, 0)) {}

JobTable& JobTable::operator=(const JobTable& other) {
  if (this != &other) *this = JobTable(other);
  return *this;
}

JobTable& JobTable::operator=(JobTable&& other) noexcept {
  pages_ = std::exchange(other.pages_, {});
  size_ = std::exchange(other.size_, 0);
  return *this;
}

const Job* JobTable::find(JobId id) const {
  const JobPage page = page_of(id);
  if (page >= pages_.size() || pages_[page] == nullptr) return nullptr;
  return pages_[page]->jobs[id.value % jobs_per_page].get();
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
  const JobPage number = page_of(id);
  if (number >= pages_.size()) pages_.resize(number + 1);
  std::unique_ptr<Page>& page = pages_[number];
  if (page == nullptr) page = std::make_unique<Page>();
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
  std::unique_ptr<Page>& page = pages_[page_of(id)];
  page->jobs[id.value % jobs_per_page].reset();
  --size_;
  if (--page->count == 0) page.reset();
  return true;
}

std::vector<const Job*> JobTable::jobs_of(JobPage page) const {
  std::vector<const Job*> found;
  if (page >= pages_.size() || pages_[page] == nullptr) return found;
  found.reserve(pages_[page]->count);
  for (const std::unique_ptr<Job>& job : pages_[page]->jobs) {
    if (job != nullptr) found.push_back(job.get());
  }
  return found;
}

const Job* JobTable::first_from(std::uint64_t id) const {
  for (JobPage page = id / jobs_per_page; page < pages_.size(); ++page) {
    if (pages_[page] != nullptr) {
      const auto& jobs = pages_[page]->jobs;
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
