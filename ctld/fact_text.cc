// What an administrator wants to read afterwards: nodes, settings, starts that failed.
#include "ctld/fact_text.h"

#include "core/job/lifecycle.h"

namespace cox::ctld {

namespace {

/// ": new fan (ada)", as far as somebody gave a reason and has a name.
std::string because(const std::string& why, const std::string& who) {
  return (why.empty() ? "" : ": " + why) + (who.empty() ? "" : " (" + who + ")");
}

struct Describe {
  const core::State& state;

  std::string name(NodeId id) const {
    const core::Node* node = state.find_node(id);
    return "node " + (node == nullptr ? std::to_string(id.value) : node->name);
  }

  std::string job_text(JobId id) const { return core::job_text(state, id); }

  std::string operator()(const core::EpochStarted& fact) const {
    return "epoch " + std::to_string(fact.epoch.value) + " begins";
  }

  std::string operator()(const core::SettingsApplied& fact) const {
    return "configuration of cluster " + fact.settings.cluster + ": revision " +
           std::to_string(state.record.revision) + " in force, by " + fact.who +
           (fact.why.empty() ? "" : ": " + fact.why);
  }

  std::string operator()(const core::StartUndone& fact) const {
    return job_text(fact.job) + ": start undone: " + fact.why;
  }

  std::string operator()(const core::JobHeld& fact) const {
    if (fact.hold != Hold::by_system) return {};
    return job_text(fact.job) + ": held: " + fact.why;
  }

  std::string operator()(const core::NodeRegistered& fact) const {
    return name(fact.node) + ": new or changed: " + fact.containment;
  }

  std::string operator()(const core::NodeLost& fact) const {
    return name(fact.node) + ": lost: " + fact.why;
  }

  std::string operator()(const core::NodeSetAside& fact) const {
    return name(fact.node) + ": set aside" + because(fact.why, fact.who);
  }

  std::string operator()(const core::PartitionTakenDown& fact) const {
    return "partition " + fact.partition + ": down" + because(fact.why, fact.who);
  }

  std::string operator()(const core::PartitionBroughtUp& fact) const {
    return "partition " + fact.partition + ": up" + because(fact.why, fact.who);
  }

  std::string operator()(const core::NodeResumed& fact) const {
    return name(fact.node) + ": resumed" + because(fact.why, fact.who);
  }

  std::string operator()(const core::NodeRebootAsked& fact) const {
    return name(fact.node) + ": to be started anew" + (fact.asap ? " as soon as it can" : "") +
           ": " + fact.why + " (" + fact.who + ")";
  }

  std::string operator()(const core::NodeRebootBegun& fact) const {
    return name(fact.node) + ": starts anew";
  }

  std::string operator()(const core::EpilogEnded& fact) const {
    return fact.why.empty() ? std::string() : job_text(fact.job) + ": " + fact.why;
  }

  std::string operator()(const core::TokenUsed& fact) const {
    return "a token let a host have the key, to become node " + fact.host;
  }

  std::string operator()(const core::NodeBackedOff& fact) const {
    return name(fact.node) + ": no work for " + to_text(fact.until - fact.at) + ": " + fact.why;
  }

  std::string operator()(const core::NodeTriedAgain& fact) const {
    return name(fact.node) + ": takes work again";
  }

  std::string operator()(const core::NodeStuck& fact) const {
    return name(fact.node) + ": " + std::to_string(fact.processes) + " processes of " +
           job_text(fact.job) + " survive SIGKILL: " + fact.why;
  }

  std::string operator()(const core::NodeUnstuck& fact) const {
    return name(fact.node) + ": the stuck processes of " + job_text(fact.job) + " are gone";
  }

  std::string operator()(const core::JobSuspended& fact) const {
    return job_text(fact.job) + ": suspended by " + user_text(fact.by, fact.who);
  }

  std::string operator()(const core::JobResumed& fact) const {
    return job_text(fact.job) + ": resumed by " + user_text(fact.by, fact.who);
  }

  std::string operator()(const core::JobsForgotten& fact) const {
    return std::to_string(fact.jobs.size()) + " ended jobs left to the history";
  }

  template <class Everyday>
  std::string operator()(const Everyday&) const {
    return {};
  }
};

}  // namespace

std::string log_text(const core::State& state, const core::Fact& fact) {
  return std::visit(Describe{state}, fact);
}

}  // namespace cox::ctld
