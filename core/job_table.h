// All jobs by id. Ids ascend and are dense, so that a look-up is two steps in arrays: a page, a
// slot. A page is also what a checkpoint writes at once. Jobs stay where they are in memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

#include "model/ids.h"

namespace cox::core {

struct Job;

/// Number of a page: jobs with ids from page * jobs_per_page on.
using JobPage = std::uint64_t;
inline constexpr std::uint64_t jobs_per_page = 256;

constexpr JobPage page_of(JobId id) {
  return id.value / jobs_per_page;
}

class JobTable {
 public:
  /// Over the jobs in order of their ids.
  class Iterator {
   public:
    using value_type = Job;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using reference = const Job&;
    using pointer = const Job*;

    Iterator() = default;
    /// The first job with an id >= from.
    Iterator(const JobTable* table, std::uint64_t from);

    const Job& operator*() const { return *job_; }

    const Job* operator->() const { return job_; }

    Iterator& operator++();
    Iterator operator++(int);

    friend bool operator==(const Iterator& a, const Iterator& b) { return a.job_ == b.job_; }

   private:
    const JobTable* table_ = nullptr;
    const Job* job_ = nullptr;  // null: the end
  };

  JobTable();
  ~JobTable();
  JobTable(const JobTable& other);
  JobTable(JobTable&& other) noexcept;
  JobTable& operator=(const JobTable& other);
  JobTable& operator=(JobTable&& other) noexcept;

  /// Null when there is none.
  const Job* find(JobId id) const;
  Job* find(JobId id);
  /// Asserts that it is there.
  const Job& at(JobId id) const;
  /// Puts the job under its id, in the place of any that was there.
  Job& insert(Job job);
  /// False when there is none.
  bool erase(JobId id);

  bool contains(JobId id) const { return find(id) != nullptr; }

  std::size_t size() const { return size_; }

  bool empty() const { return size_ == 0; }

  Iterator begin() const { return Iterator(this, 0); }

  Iterator end() const { return Iterator(); }

  /// From the first job after `id` on.
  Iterator upper_bound(JobId id) const { return Iterator(this, id.value + 1); }

  /// One past the last page that ever held a job.
  JobPage pages_end() const { return base_ + pages_.size(); }

  /// The jobs of a page in order; none when it is empty.
  std::vector<const Job*> jobs_of(JobPage page) const;

  friend bool operator==(const JobTable& a, const JobTable& b);

 private:
  struct Page {
    std::array<std::unique_ptr<Job>, jobs_per_page> jobs;
    std::size_t count = 0;
  };

  const Job* first_from(std::uint64_t id) const;

  const Page* page_at(JobPage page) const;
  std::unique_ptr<Page>& make_page(JobPage page);
  /// Jobs leave about in the order in which they came.
  void drop_first_pages();

  JobPage base_ = 0;                          // number of the first of pages_
  std::vector<std::unique_ptr<Page>> pages_;  // null: empty
  std::size_t size_ = 0;
};

}  // namespace cox::core
