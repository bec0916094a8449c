// Who waits for what: clients that want to hear of a job's end, of every change of their
// interactive job, or of a step they asked for.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "ctld/outside.h"
#include "model/array_spec.h"
#include "model/ids.h"
#include "model/job_state.h"

namespace cox::ctld {

/// A request that is answered by several replies.
struct Conversation {
  ClientId client;
  std::uint64_t number = 0;
  std::uint64_t request = 0;  // its id, for the log
  friend auto operator<=>(const Conversation&, const Conversation&) = default;
};

enum class WatchKind : std::uint8_t {
  end_of_job = 0,  // WaitJobs: an event when the job ended
  attached = 1,    // an attached submit: every change, the initial step's address, the end
  step = 2,        // CreateStep: the step's address, its end
  elements = 3,    // WaitJobs, on an array: elements that have no jobs of their own yet
};

struct Watch {
  Conversation conversation;
  WatchKind kind = WatchKind::end_of_job;
  StepKey step;                       // kind step
  Attempt ready_sent;                 // attached: of which attempt the address was told
  bool is_ready_sent = false;         // kind step
  Reason reason_told = Reason::none;  // attached: why the job waits
  ArraySpec elements{};               // kind elements: those without a job
  bool is_taken_told = false;         // kind step
};

class Watches {
 public:
  /// A second watch of the same job in one conversation is ignored.
  void add(JobId job, const Watch& watch);
  /// The watches of `job`, for reading and marking; null when nobody watches it.
  /// Jobs that this client waits for, in all its conversations.
  std::size_t count(ClientId client) const;
  std::vector<Watch>* find(JobId job);
  /// Steps that this client asked for and hears of.
  std::vector<StepKey> steps_of(ClientId client) const;
  /// Ends one watch. True when its conversation has no other left.
  bool end(JobId job, const Conversation& conversation);
  /// A client is gone. Returns the jobs it was attached to.
  std::vector<JobId> drop(ClientId client);

  /// `visit(job, watch)` may mark the watch and must not end any.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [job, watches] : by_job_) {
      for (Watch& watch : watches) visit(job, watch);
    }
  }

  bool empty() const { return by_job_.empty(); }

 private:
  std::map<JobId, std::vector<Watch>> by_job_;
  std::map<Conversation, std::set<JobId>> open_;
};

}  // namespace cox::ctld
