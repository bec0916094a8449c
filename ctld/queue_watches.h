// Clients that watch a list of jobs: which jobs changed since they were last told. What a watch
// costs is bounded: an id for each changed job, and a reason for each of the first pending ones.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/schedule/plan.h"
#include "core/state.h"
#include "ctld/name_list.h"
#include "ctld/translate/replies.h"
#include "ctld/watches.h"
#include "model/array_spec.h"
#include "model/ids.h"
#include "model/job_state.h"
#include "model/selector.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// A client that is told more often than this has no use for it.
inline constexpr Duration watch_pause = milliseconds(200);

/// What was asked for by name.
struct WatchedNames {
  std::set<JobId> jobs;                                // of an array: with all of its elements
  std::map<JobId, std::vector<ArraySpec>> elements{};  // of other arrays some

  bool empty() const { return jobs.empty() && elements.empty(); }
};

class QueueWatch {
 public:
  /// `users`: names joined by ','; empty: any. `names`: with none, all of the user, or of all.
  /// `selector`: of labels; empty: any. `with_ended`: ended jobs stay on the list until they leave
  /// memory. `detail`: of the changes, as of the list.
  QueueWatch(Conversation to,
             const std::string& users,
             Selector selector,
             WatchedNames names,
             bool with_ended,
             Detail detail);

  const Conversation& conversation() const { return to_; }

  /// The job changed: it is on the list, or may have been.
  void note(const core::State& state, JobId job);

  /// The list is whole: from now on changes may be told.
  void listed() { is_listed_ = true; }

  bool is_due(Instant now) const;

  /// The next changes, into a reply without number.
  void next(const core::State& state, const core::Plan& plan, Instant now, wire::JobList* to);
  /// The client has these views now: whether their reasons change is looked at from now on.
  void remember(const core::State& state, const core::Plan& plan, const wire::JobList& told);
  /// Reasons come without a fact. Call it once a second.
  void look_at_reasons(const core::State& state, const core::Plan& plan);

 private:
  bool asks_for(const core::Job& job) const;
  bool wants(const core::Job& job) const;
  /// Some elements of the array were asked for, and not the whole: which. Else null.
  const std::vector<ArraySpec>* elements_of(JobId array) const;
  /// Adds what the list has of the job; of an array that may be several rows.
  void put_rows(const core::State& state,
                const core::Plan& plan,
                const core::Job& job,
                wire::JobList* told) const;
  /// Of an array: what has no jobs among `elements`.
  void put_parts(const core::State& state,
                 const core::Plan& plan,
                 const core::Job& array,
                 const ArraySpec& elements,
                 wire::JobList* told) const;

  Conversation to_;
  NameList users_;
  Selector selector_;
  WatchedNames names_;
  bool with_ended_;
  Detail detail_;
  bool is_listed_ = false;
  std::set<JobId> changed_;
  std::map<JobId, Reason> reasons_;
  Instant told_;
};

class QueueWatches {
 public:
  void add(QueueWatch watch) { watches_.push_back(std::move(watch)); }

  std::size_t count(ClientId client) const;
  void drop(ClientId client);
  QueueWatch* find(const Conversation& conversation);

  bool empty() const { return watches_.empty(); }

  std::list<QueueWatch>& all() { return watches_; }

  const std::list<QueueWatch>& all() const { return watches_; }

 private:
  std::list<QueueWatch> watches_;
};

}  // namespace cox::ctld
