// See pretended_node.h.
#include "noded/pretended_node.h"

#include <utility>
#include <variant>

namespace cox::noded {

PretendedNode::PretendedNode(platform::Loop& loop,
                             const Log& log,
                             const PretendedPlace& place,
                             NodeInventory inventory,
                             std::function<void()> settled)
    : loop_(loop),
      log_(log),
      place_(place),
      inventory_(std::move(inventory)),
      settled_(std::move(settled)),
      steps_(loop,
             Paths{place.dir, inventory_.name},
             {[this](agent::SupervisorStatus status) { tell(std::move(status)); },
              [this](agent::SupervisorGone gone) { tell(std::move(gone)); }}),
      controller_(loop,
                  log,
                  place.controller,
                  place.trust,
                  inventory_.name,
                  {[this] { register_node(); },
                   [this](const std::vector<std::string>& frames) {
                     for (const std::string& frame : frames) take_frame(frame);
                   },
                   [this] {
                     tell(agent::Disconnected{});
                     settle();
                   }}) {}

void PretendedNode::settle() {
  if (const auto settled = std::exchange(settled_, nullptr)) settled();
}

void PretendedNode::register_node() {
  contact_.registration_sent(loop_.monotonic());
  controller_.send(register_bytes(inventory_, agent::held(state_)));
}

void PretendedNode::second_passed() {
  const Duration now = loop_.monotonic();
  if (state_.in_session && contact_.is_dead(now)) {
    controller_.give_up("answers no heartbeat");
  } else if (!state_.in_session && controller_.is_open() && contact_.is_registration_late(now)) {
    controller_.give_up("answers no registration");
  } else if (state_.in_session) {
    controller_.send(heartbeat_bytes(contact_.next_heartbeat(now)));
  }
  if (agent::is_anything_closing(state_)) tell(agent::SecondPassed{});
}

void PretendedNode::take_frame(const std::string& frame) {
  if (!controller_.is_open()) return;
  contact_.frame_came(loop_.monotonic());
  if (const auto number = heard_number(frame)) {
    contact_.answered(*number);
    return;
  }
  auto received = receive(frame);
  if (received) return take(std::move(*received));
  if (received.error().code == Code::refused) {
    controller_.give_up("node " + inventory_.name +
                        ": registration refused: " + received.error().message);
  } else {
    log_.error("node " + inventory_.name +
               ": message of the controller: " + received.error().message);
  }
}

void PretendedNode::take(Received received) {
  const auto is_current = [this](const agent::Origin& origin) {
    return state_.in_session && origin == state_.origin;
  };
  if (received.reboot) {
    if (!is_current(received.reboot->origin)) return;
    controller_.send(reboot_failed_bytes("it is a pretended node, which does not start anew"));
  } else if (received.signal) {
    if (is_current(received.signal->origin)) {
      steps_.signal(received.signal->step, received.signal->signal);
    }
  } else if (received.processes) {
    if (is_current(received.processes->origin)) tell_processes(*received.processes);
  } else if (std::holds_alternative<agent::Registered>(received.request)) {
    take_registered(std::move(received));
  } else if (const auto* change = std::get_if<agent::ChangeTerms>(&received.request)) {
    if (is_current(change->origin)) contact_.change_terms(received.terms);
    tell(std::move(received.request));
  } else if (std::holds_alternative<agent::Prepare>(received.request)) {
    take_prepare(std::move(received));
  } else if (std::holds_alternative<agent::PrepareStep>(received.request)) {
    take_step(std::move(received));
  } else {
    tell(std::move(received.request));
  }
}

void PretendedNode::take_registered(Received received) {
  if (!place_.cluster.empty() && received.cluster != place_.cluster) {
    controller_.give_up("is of cluster " + received.cluster + ", node " + inventory_.name + " of " +
                        place_.cluster);
    return;
  }
  tell(std::move(received.request));
  if (!state_.in_session) {
    controller_.give_up("is older than the one that node " + inventory_.name + " had");
    return;
  }
  controller_.accepted();
  contact_.registered(received.terms, loop_.monotonic());
  settle();
}

void PretendedNode::take_prepare(Received received) {
  const AttemptKey key = std::get<agent::Prepare>(received.request).attempt;
  if (received.refusal) return run(agent::ReportPrepared{key, "", received.refusal, false});
  plans_.try_emplace(key, std::move(*received.plan));
  tell(std::move(received.request));
  if (state_.find(key) == nullptr) plans_.erase(key);
}

void PretendedNode::take_step(Received received) {
  const StepKey key = std::get<agent::PrepareStep>(received.request).step;
  if (received.refusal) return run(agent::ReportStepPrepared{key, "", received.refusal});
  const auto plan = plans_.find(AttemptKey{key.job, key.attempt});
  if (plan != plans_.end()) plan->second.specs.try_emplace(key.step, std::move(*received.spec));
  tell(std::move(received.request));
}

void PretendedNode::tell_processes(const ProcessesOrder& order) {
  wire::NodeMessage message;
  message.mutable_processes()->set_number(order.number);
  message.mutable_processes()->set_failure("is a pretended one, where nothing runs");
  controller_.send(message.SerializeAsString());
}

// Effects may answer at once; their answers wait until the effects before them are carried out.
void PretendedNode::tell(agent::AgentRequest request) {
  requests_.push_back(std::move(request));
  if (is_telling_) return;
  is_telling_ = true;
  while (!requests_.empty()) {
    const agent::AgentRequest next = std::move(requests_.front());
    requests_.pop_front();
    for (const agent::AgentEffect& effect : agent::handle(state_, next)) {
      std::visit([this](const auto& one) { run(one); }, effect);
    }
  }
  is_telling_ = false;
}

void PretendedNode::run(const agent::MakeContainer& effect) {
  const auto plan = plans_.find(effect.attempt);
  if (plan == plans_.end()) return tell(agent::ContainerMade{effect.attempt, "its plan is gone"});
  const auto& labels = plan->second.prepare.request().labels();
  const auto job = pretended_job({labels.begin(), labels.end()}, inventory_.name);
  agent::ContainerMade made{effect.attempt, std::nullopt};
  if (!job) {
    made.failure = job.error().message;
    made.node_at_fault = false;
  } else if (job->failure == PretendedFailure::node) {
    made.failure = "it was to fail here, by its label";
  }
  tell(std::move(made));
}

void PretendedNode::run(const agent::SpawnSupervisor& effect) {
  const auto plan = plans_.find(AttemptKey{effect.step.job, effect.step.attempt});
  if (plan == plans_.end() || plan->second.spec(effect.step.step) == nullptr) {
    return tell(agent::SupervisorGone{effect.step, "its plan is gone", false});
  }
  steps_.spawn(effect.step, plan->second, effect.go_at_once, effect.stands);
}

void PretendedNode::run(const agent::TellLimit& effect) {
  const auto plan = plans_.find(effect.attempt);
  if (plan != plans_.end()) change_limit(effect.limit, &plan->second);
  steps_.change_limit(effect.attempt, effect.limit);
}

void PretendedNode::run(const agent::TellForget& effect) {
  const auto plan = plans_.find(AttemptKey{effect.step.job, effect.step.attempt});
  if (plan != plans_.end()) plan->second.specs.erase(effect.step.step);
  steps_.forget(effect.step);
}

void PretendedNode::run(const agent::RemoveContainer& effect) {
  steps_.drop(effect.attempt);
  tell(agent::ContainerRemoved{effect.attempt, Usage{}});
}

void PretendedNode::run(const agent::Forget& effect) {
  steps_.drop(effect.attempt);
  plans_.erase(effect.attempt);
}

}  // namespace cox::noded
