// See explain_text.h.
#include "core/schedule/explain_text.h"

#include "common/count_text.h"
#include "core/fleet/trouble.h"
#include "core/schedule/waits.h"
#include "core/slice/standing.h"

namespace cox::core {
std::string summary_of(const Job& job, const Blocked& blocked) {
  switch (blocked.code) {
    case Reason::none:
      return "it can start now";
    case Reason::priority:
      return count_text(blocked.amount, "job") + (blocked.amount == 1 ? " is" : " are") +
             " ahead of it";
    case Reason::resources:
      return "it is next, and waits for resources: " + count_text(blocked.amount, "node") +
             " missing";
    case Reason::licenses:
      return "it is next, and waits for licenses: " + std::to_string(blocked.amount) + " missing";
    case Reason::held_by_user:
    case Reason::held_by_admin:
    case Reason::held_by_system:
      return "it is held" + (job.run->why.empty() ? std::string() : ": " + job.run->why);
    case Reason::begin_time:
      return "its begin time is in " + std::to_string(blocked.amount) + " s";
    case Reason::nodes_unavailable:
      return count_text(blocked.amount, "node") + " it could use " +
             (blocked.amount == 1 ? "is" : "are") + " set aside, resting, silent or lost";
    case Reason::never_fits:
      return std::string("no state of this fleet fits it: ") + no_node_has_all;
    case Reason::partition_unknown:
    case Reason::partition_down:
    case Reason::partition_time_limit:
    case Reason::partition_node_limit:
      return "its partitions are closed to it";
    case Reason::dependency:
      return "it waits for " + count_text(blocked.amount, "other job");
    case Reason::dependency_never:
      return "what it waits for can never come true";
    case Reason::array_limit:
      return count_text(blocked.amount, "element") + " of its array run" +
             (blocked.amount == 1 ? "s" : "") + " already, as many as may at once";
  }
  return {};
}

bool is_closed(Reason code) {
  return code == Reason::partition_unknown || code == Reason::partition_down ||
         code == Reason::partition_time_limit || code == Reason::partition_node_limit;
}

std::string next_event_of(const Blocked& blocked) {
  switch (blocked.code) {
    case Reason::none:
      return "the next pass";
    case Reason::priority:
      return "a start or cancel of a job ahead of it";
    case Reason::resources:
      return "the end of a running job";
    case Reason::licenses:
      return "the end of a job that holds such licenses";
    case Reason::begin_time:
      return "its begin time";
    case Reason::nodes_unavailable:
      return "a node that comes back, has rested or is resumed";
    case Reason::never_fits:
    case Reason::partition_unknown:
    case Reason::partition_time_limit:
    case Reason::partition_node_limit:
      return "a change of the fleet, the configuration or the request";
    case Reason::partition_down:
      return "cox partition up";
    case Reason::held_by_user:
    case Reason::held_by_admin:
    case Reason::held_by_system:
      return "cox release";
    case Reason::dependency:
      return "a begin or an end of a job that it waits for";
    case Reason::dependency_never:
      return "cox update JOB dependency=..., or cox cancel";
    case Reason::array_limit:
      return "the end of a running element";
  }
  return {};
}

std::string why_not_waiting(const State& state, const Contact& contact, const Job& job) {
  if (const std::string stuck = stuck_text(state, job); !stuck.empty()) {
    return "it cannot end: " + stuck;
  }
  if (job.phase == JobPhase::starting && job.run->awaits_program) {
    return "its start waits for the controller's prolog";
  }
  if (const std::string awaited = awaited_text(state, contact, job); !awaited.empty()) {
    return (job.phase == JobPhase::starting ? "its start waits for nodes, "
                                            : "its end waits for nodes, ") +
           awaited;
  }
  if (job.phase == JobPhase::split) return "each element that has not ended is a job of its own";
  if (const std::string still = standing_text(state, job); !still.empty()) {
    return "it has started, and stands still: " + still;
  }
  if (job.phase != JobPhase::ended) return "it has started";
  return job.run->why.empty() ? "it has ended" : "it has ended: " + job.run->why;
}

}  // namespace cox::core
