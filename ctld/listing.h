// A list of jobs on its way to a client, in slices: consistent per job, and no longer in one turn
// than the loop can spare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "core/schedule/place_terms.h"
#include "core/schedule/plan.h"
#include "core/state.h"
#include "ctld/name_list.h"
#include "ctld/translate/replies.h"
#include "ctld/watches.h"
#include "model/array_spec.h"
#include "model/ids.h"
#include "model/selector.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// Elements of an array that have no jobs of their own.
struct ListedElements {
  JobId array;
  ArraySpec elements;
  bool is_cancelled = false;
};

/// What was asked for by name.
struct ListedNames {
  std::vector<JobId> jobs;
  std::vector<ListedElements> elements;

  bool empty() const { return jobs.empty() && elements.empty(); }
};

/// How much of each job the client asked for.
Detail detail_of(const wire::ListJobs& request);

class Listing {
 public:
  /// `selector`: of the labels. `names`: only these, when anything was named; `is_named` although
  /// none is in State.
  Listing(Conversation conversation,
          const wire::ListJobs& request,
          Selector selector,
          ListedNames names,
          bool is_named);

  /// The next jobs, into a reply without number. True when these were the last. `places`: of this
  /// moment.
  bool next(const core::State& state,
            const core::Plan& plan,
            core::PlaceTerms places,
            wire::ClientReply* reply);

  const Conversation& conversation() const { return conversation_; }

 private:
  /// Looks at `job`; true when it belongs on the list.
  bool wanted(const core::Job& job) const;
  bool next_named(const core::State& state, const core::Plan& plan, wire::ClientReply* reply);
  bool next_unended(const core::State& state, const core::Plan& plan, wire::ClientReply* reply);
  bool next_any(const core::State& state, const core::Plan& plan, wire::ClientReply* reply);
  bool add_any(const core::State& state,
               const core::Plan& plan,
               const core::Job& job,
               wire::ClientReply* reply);
  /// Adds the job; true when the reply is full.
  bool add(const core::State& state,
           const core::Plan& plan,
           const core::Job& job,
           wire::ClientReply* reply);
  bool add(const core::State& state,
           const core::Plan& plan,
           const ListedElements& elements,
           wire::ClientReply* reply);

  Conversation conversation_;
  ListedNames names_;
  bool is_named_;
  NameList users_;
  Selector selector_;  // of labels
  bool with_ended_;
  Detail detail_;
  bool with_bindings_;
  bool with_priorities_;
  std::size_t next_named_ = 0;
  std::size_t next_elements_ = 0;
  JobId last_seen_;
  std::size_t seen_ = 0;   // in this slice
  std::size_t bytes_ = 0;  // in this slice
};

}  // namespace cox::ctld
