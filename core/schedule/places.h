// Where waiting jobs stand, in few bytes: the sorted places of a class, and the seats of each job
// by its id.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "model/ids.h"

namespace cox::core {

/// Place of a job in a queue: larger key first, then the lower id.
struct Place {
  std::int64_t key = 0;
  JobId job;
  friend bool operator==(const Place&, const Place&) = default;

  friend bool operator<(const Place& a, const Place& b) {
    return a.key != b.key ? a.key > b.key : a.job < b.job;
  }
};

/// The same place when every key of its class has grown by `by`.
inline Place moved(const Place& place, std::int64_t by) {
  return Place{place.key + by, place.job};
}

/// A sorted set of places in runs of some hundred: 16 bytes a place where they arrive in order.
class PlaceSet {
 public:
  bool empty() const { return size_ == 0; }

  std::size_t size() const { return size_; }

  /// The set must not be empty.
  const Place& first() const { return runs_.front().front(); }

  /// The first place behind `place`; null when there is none.
  const Place* after(const Place& place) const;

  /// No effect when it is there already.
  void insert(const Place& place);
  /// No effect when it is not there.
  void erase(const Place& place);

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& run : runs_) {
      for (const Place& place : run) visit(place);
    }
  }

 private:
  static constexpr std::size_t run_max = 512;
  using Run = std::vector<Place>;

  /// The first run whose last place is not before `place`.
  std::vector<Run>::iterator run_of(const Place& place);

  std::vector<Run> runs_;  // none is empty
  std::size_t size_ = 0;
};

/// A job's place in the queue of one class.
struct Seat {
  std::uint32_t which = 0;  // the class
  Place place;
};

/// The seats of each waiting job: mostly one, or one per partition that it may run in.
class SeatTable {
 public:
  bool contains(JobId id) const { return find(id) != nullptr; }

  /// Jobs with a seat.
  std::size_t size() const { return size_; }

  /// The job has no seat yet. Without seats it is not there afterwards.
  void insert(JobId id, const std::vector<Seat>& seats);
  std::vector<Seat> at(JobId id) const;
  void erase(JobId id);
  void clear();

 private:
  static constexpr std::uint64_t page_jobs = 256;
  static constexpr std::uint32_t nobody = ~std::uint32_t{0};

  struct First {
    std::int64_t key = 0;
    std::uint32_t which = nobody;
    bool has_more = false;
  };

  struct Page {
    std::array<First, page_jobs> seats;
    std::size_t count = 0;
  };

  const First* find(JobId id) const;

  std::unordered_map<std::uint64_t, std::unique_ptr<Page>> pages_;  // by id / page_jobs
  std::unordered_map<JobId, std::vector<Seat>> more_;               // second and later seats
  std::size_t size_ = 0;
};

}  // namespace cox::core
