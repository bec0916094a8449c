// What the controller sent for each attempt: kept while the attempt is here, and in a file, so that
// a later daemon can go on with it. The agent itself knows only ids.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/allocation.h"
#include "model/ids.h"
#include "model/settings.h"
#include "model/time.h"
#include "model/user.h"
#include "noded/agent/request.h"
#include "wire/node.pb.h"

namespace cox::noded {

struct AttemptPlan {
  wire::Prepare prepare;
  NodeShare share;                         // of prepare, checked
  UserIdentity user;                       // of prepare.request
  ProgramSettings programs;                // of prepare, checked
  std::map<StepId, wire::StepSpec> specs;  // of later steps
  bool marks_begin = false;                // the initial step: stepd/begin_mark.h

  AttemptKey key() const { return {JobId{prepare.job()}, Attempt{prepare.attempt()}}; }

  std::optional<StepId> initial() const;
  const wire::StepSpec* spec(StepId step) const;
  /// What a step may use of this node. error: bad_usage where that is not the attempt's
  Result<NodeShare> share_of(const wire::StepSpec& spec) const;
};

/// Checks what this daemon relies on; the supervisor checks the rest. error: bad_usage
Result<AttemptPlan> check_plan(wire::Prepare prepare);
Result<void> check_spec(const wire::StepSpec& spec);

struct RememberedAttempt {
  AttemptPlan plan;
  bool released = false;
};

/// The text of an attempt's file.
std::string attempt_file_text(const AttemptPlan& plan, bool released);
/// error: bad_usage says what is wrong with the file
Result<RememberedAttempt> parse_attempt_file(const std::string& text);

/// The text of the file of an attempt that was ended as nobody's, without a plan: that it is over.
std::string ended_attempt_text();

/// What a daemon that starts tells the agent of an attempt whose file it found. `alive`:
/// supervisors that answered, of this attempt and of others.
agent::RecoverAttempt recovery_of(const AttemptPlan& plan,
                                  bool released,
                                  const std::set<StepKey>& alive);
/// And of one of which it has no plan.
agent::RecoverAttempt recovery_of_stray(AttemptKey key);

/// Where the controller is told the agent's phases; where all else is in the plan.
struct StepPlace {
  std::string node_name, cluster, controller;
  std::string container, containment, state_dir, tmp_dir;
  std::int64_t kill_wait_us = 0;
  std::vector<std::string> task_cpus, task_memory, binding_map;
  std::vector<std::uint32_t> task_gpu;
  std::string not_bound;
  std::string nvidia_gpus, amd_gpus;  // Machine::gpu_numbers of what the step may use
  bool hides_gpus = false;            // the attempt holds some, and the step none of them
  bool go_at_once = false;
  bool stands = false;
  Duration lease_left, lease_kill_wait;  // 0: none
};

/// Supervisors that are started from here on count by this limit of the job.
void change_limit(Duration limit, AttemptPlan* plan);

/// The StepMessage{start} for a supervisor, as bytes. The step has a spec in the plan.
std::string step_start_bytes(const AttemptPlan& plan, StepId step, const StepPlace& place);

}  // namespace cox::noded
