// The queues behind the Plan: classes of equal jobs, one FIFO by key in each, and per partition the
// ordered heads of its classes. Everything here can be rebuilt from State.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/fairshare/fair_tree.h"
#include "core/policy/priority.h"
#include "core/schedule/backfill.h"
#include "core/schedule/places.h"
#include "core/schedule/plan.h"
#include "core/schedule/trial.h"

namespace cox::core {

/// Pending jobs of one partition that fit alike.
struct JobClass {
  std::size_t partition = 0;
  PlaceSet jobs;                   // by base_key()
  std::int64_t share = 0;          // share_key() of its user, with which the order counts
  std::optional<Association> who;  // where shares count
  std::uint64_t cores_least = 0;
  bool is_checked = false;   // tried since the fleet last changed
  bool is_hopeless = false;  // out of the planning set, for `blocked`
  Blocked blocked;
  std::uint64_t refused_in = 0;  // round of the scan

  /// The class must not be empty.
  Place first() const { return moved(jobs.first(), share); }

  /// The next place of the class behind `place`.
  std::optional<Place> after(const Place& place) const {
    const Place* next = jobs.after(moved(place, -share));
    return next == nullptr ? std::nullopt : std::optional(moved(*next, share));
  }
};

/// What jobs of one class have in common: their kind, by its number, and their limit.
struct ClassKey {
  std::uint32_t kind = 0;
  Duration limit;
  friend bool operator==(const ClassKey&, const ClassKey&) = default;
};

struct ClassKeyHash {
  std::size_t operator()(const ClassKey& key) const {
    // Limits are whole minutes mostly: the factor spreads them (Knuth, multiplicative hashing).
    constexpr std::uint64_t golden = 0x9E3779B97F4A7C15U;
    return (static_cast<std::uint64_t>(key.limit.us) * golden ^ key.kind) * golden;
  }
};

struct PartitionQueue {
  PartitionSettings settings;
  bool is_down = false;
  std::map<Place, std::size_t> heads;  // first job of each class in the planning set -> class
  /// The head that was refused; while it is the head, the partition sleeps.
  std::optional<Place> refused;
  Blocked blocked;  // of the refused head
  /// It fits, but would break a promise to a higher job of another partition.
  bool is_held_back = false;
  std::optional<Bitset> ready;
  std::uint64_t free_cores = 0;  // on `ready`
  std::uint64_t idle_nodes = 0;  // of `ready`
  // Of the job that was queued last: like ones often come together, and need no key.
  Cow<JobCommon> last_common;
  std::uint32_t last_kind = 0;

  bool is_asleep() const { return heads.empty() || heads.begin()->first == refused; }
};

struct Plan::Queues {
  Policies policies;
  bool is_built = false;             // begun, so that facts count
  std::optional<JobId> filled_from;  // while it is being filled: the first job not taken in yet
  std::uint64_t contact_generation = 0;
  Instant now;
  std::vector<PartitionQueue> partitions;  // as in the settings
  std::vector<JobClass> classes;
  std::unordered_map<std::string, std::uint32_t> kinds;
  std::unordered_map<ClassKey, std::size_t, ClassKeyHash> class_by_key;
  SeatTable seats;  // with places by base_key()
  FairTree shares;
  bool by_user = false;  // somebody's jobs keep others out: no class is of two users
  std::set<std::pair<Instant, JobId>> waiting;  // for their begin time
  /// Elements with jobs of their own that may start, by index: their array has one place for them
  /// and its remainder, whose next start is the lowest index of all.
  std::unordered_map<JobId, std::map<std::uint32_t, JobId>> ready_elements;
  std::vector<std::size_t> unchecked;  // classes, in order of creation
  /// Elements that may start and ask for something else than their array: each has a place of its
  /// own. By array.
  std::map<JobId, std::set<JobId>> apart;
  Pass pass;

  /// Everything empty, as at a start.
  void begin(const State& state);
  /// Takes in up to `most` jobs that have not ended, from where it stopped. False while there are
  /// more: until then nothing can be decided.
  bool fill(const State& state, std::size_t most);

  bool is_filled() const { return is_built && !filled_from.has_value(); }

  /// Queues the job, or lets it wait for its begin time. No effect on held or started jobs.
  void insert(const State& state, JobId id);
  void remove(const State& state, JobId id);
  /// The job asks for something else now.
  void reseat(const State& state, JobId id);
  /// What the job waits for of other jobs may have changed.
  void reconsider(const State& state, JobId id);
  /// The job that starts from the place of `id`: itself, or for an array perhaps an element. Null
  /// when nothing waits there.
  const Job* candidate(const State& state, JobId id) const;
  bool may_begin(const State& state, const Job& job) const;
  /// How many jobs may start from the place of `id`, one after another.
  std::uint32_t starts_waiting(const State& state, JobId id) const;
  /// The place of an array, and those of its elements that have their own, come or go with what may
  /// start from them.
  void refresh(const State& state, JobId array);
  void wake_due(const State& state);
  /// The seats of a job with the places that count.
  std::vector<Seat> seats_of(JobId id) const;
  /// The job's user may be new.
  void learn_user(const State& state, JobId id);
  /// Usage was charged: everybody's place may have moved.
  void learn_charge(const State& state);
  void rank(const State& state);
  /// Every refusal is void, every class may hope again.
  void fleet_changed();
  /// Refusals behind reservations are void; only where there is backfill.
  void renew();
  /// An array's place stays, and what may start from it has changed: what was planned for it is
  /// void.
  void renew_at(const State& state, JobId id);
  /// Puts the class among those that may start behind reserved jobs.
  void offer(std::size_t which);
  void reconsider();
  Lane make_lane(const State& state, const std::vector<std::size_t>& members) const;
  void settle_reasons(const State& state);
  const Bitset& ready_of(PartitionQueue& partition, const State& state, const Contact& contact);
  /// Tries the head of a class. A hopeless class gets its reason.
  Trial try_head(const State& state,
                 const PartitionQueue& partition,
                 const Bitset& ready,
                 JobClass& one) const;
  /// Something happened to a job that holds nodes, or did.
  void learn_running(const State& state, JobId id);
  /// Something became free on `node`.
  void wake_node(const State& state, NodeId node);
  /// The job may have given back licenses.
  void wake_for_licenses(const State& state, JobId id);
  /// The job, which took turns, gave back a share of `node`. Jobs of other partitions may hope for
  /// it again, where the configuration has changed since its start.
  void wake_behind_rows(const State& state, const Job& job, NodeId node);
  /// A share of `node` was taken or freed, as State has it already.
  void count_free(const State& state,
                  const Allocation& allocation,
                  const NodeShare& share,
                  bool freed);
  void leave_planning_set(std::size_t which);
  /// Most classes are empty: time to start afresh.
  bool is_littered() const;

 private:
  void admit(const State& state, const Job& job);
  void withdraw(const Job& job);
  void enqueue(const State& state, const Job& job, JobId place_id);
  void refresh_apart(const State& state, JobId array);
  /// Elements of the array that may start and have jobs of their own.
  std::vector<JobId> ready_members(JobId array) const;
  void leave(JobId id);
  std::size_t class_of(const State& state, const Job& job, std::size_t partition);
  std::uint32_t kind_of(const Job& job, PartitionQueue& queue);
  /// Ages count up to a cap: those over it have new keys after a charge.
  void age_the_oldest(const State& state);
  /// Applies `change` to a class and keeps the partition's heads right.
  template <class Change>
  void changing(JobClass& one, std::size_t which, Change change);
};

}  // namespace cox::core
