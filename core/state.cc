// Look-ups in State, and the state of a job as people see it.
#include "core/state.h"

#include "common/assert.h"

namespace cox::core {

int Outcome::status() const {
  if (signal != 0) return 128 + signal;
  if (exit_code != 0) return exit_code;
  return state == JobState::completed ? 0 : 1;
}

JobState job_state(const Job& job) {
  switch (job.phase) {
    case JobPhase::pending:
      return JobState::pending;
    case JobPhase::starting:
      return JobState::configuring;
    case JobPhase::running:
      return job.run->suspended.is_set() ? JobState::suspended : JobState::running;
    case JobPhase::split:
      return JobState::running;
    case JobPhase::ending:
      return JobState::completing;
    case JobPhase::ended:
      return job.run->final_state;
  }
  return job.run->final_state;
}

const Job* State::find_job(JobId id) const {
  return record.jobs.find(id);
}

const ArrayMembers* State::find_members(JobId array) const {
  const auto found = index.arrays.find(array);
  return found == index.arrays.end() ? nullptr : &found->second;
}

const Node* State::find_node(NodeId id) const {
  return id.value < record.nodes.size() ? &record.nodes[id.value] : nullptr;
}

std::optional<NodeId> State::node_named(const std::string& name) const {
  const auto found = index.node_by_name.find(name);
  if (found == index.node_by_name.end()) return std::nullopt;
  return found->second;
}

const NodeClass& State::class_of(const Node& node) const {
  ASSERT(node.node_class.value < record.classes.size());
  return record.classes[node.node_class.value];
}

}  // namespace cox::core
