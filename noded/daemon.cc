// What arrives: frames of the controller, words of supervisors, seconds.
#include "noded/daemon.h"

#include <unistd.h>

#include <utility>

#include "platform/file.h"

namespace cox::noded {
namespace {

constexpr Duration heartbeat_every = seconds(1);
constexpr std::uint32_t lease_protocol = 2;  // older supervisors know no lease

}  // namespace

Daemon::Daemon(platform::Loop& loop, Log& log, Setup setup)
    : loop_(loop),
      log_(log),
      setup_(std::move(setup)),
      lookups_(loop),
      removals_(loop),
      looks_(loop),
      programs_(loop, setup_.paths.programs(), [this] { orphans_.spare(); }),
      health_(loop,
              programs_,
              setup_.options.name,
              [this](bool is_well, const std::string& reason) { tell_health(is_well, reason); }),
      users_(loop, lookups_),
      containers_(loop, log, std::move(setup_.containment), setup_.container_base),
      supervisors_(loop,
                   log,
                   names_,
                   setup_.paths,
                   setup_.stepd,
                   !containers_.are_held_by_kernel(),
                   {[this](agent::SupervisorStatus status) { supervisor_told(std::move(status)); },
                    [this](agent::SupervisorGone gone) { supervisor_gone(std::move(gone)); },
                    [this](const StepKey& step) { orphans_.collect(step); }}),
      orphans_(loop,
               log,
               names_,
               containers_,
               {[this](int session) { return supervisors_.have_session(session); },
                [this](int pid) { return programs_.is_running(pid); }}),
      controller_(loop,
                  log,
                  setup_.options.controller,
                  setup_.trust,
                  setup_.options.name,
                  {[this] { register_node(); },
                   [this](const std::vector<std::string>& frames) {
                     for (const std::string& frame : frames) take_frame(frame);
                   },
                   [this] { disconnected(); }}),
      forward_(loop, log, {setup_.options.controller, setup_.trust, setup_.options.name}) {
  setup_.inventory.containment = containers_.description();
}

Result<void> Daemon::start() {
  // The lock is ours: what still listens there is a child that a killed daemon was just making.
  [[maybe_unused]] const auto removed = platform::remove_path(setup_.paths.client_socket());
  if (auto listening = forward_.listen(setup_.paths.client_socket()); !listening) return listening;
  log_.info("node " + setup_.options.name + ", containment: " + containers_.description());
  orphans_.begin();
  supervisors_.prepare();
  end_left_programs();
  recover();
  setup_.manager.ready("node " + setup_.options.name + ", no controller yet");
  return {};
}

void Daemon::stop() {
  setup_.manager.stopping();
  [[maybe_unused]] const auto removed = platform::remove_path(setup_.paths.client_socket());
  log_.info("stopping with " + std::to_string(state_.attempts.size()) + " attempts, which go on");
  // Of an attempt whose end was not acknowledged yet the container is gone already.
  if (is_recovered_) containers_.remove_base();
}

void Daemon::register_node() {
  check_files();  // the one that took over would be put out again
  contact_.registration_sent(loop_.monotonic());
  controller_.send(register_bytes(setup_.inventory, agent::held(state_)));
}

void Daemon::disconnected() {
  health_.pause();
  setup_.manager.status("node " + setup_.options.name + ", controller out of reach");
  tell(agent::Disconnected{});
}

/// Without its lock another daemon may be at work in its place, which takes over what runs.
void Daemon::check_files() {
  if (!setup_.lock || setup_.lock->is_held()) return;
  log_.error(setup_.lock->path() + " was removed or replaced under this node daemon, giving up");
  ::_exit(exit_status(Code::refused));
}

/// Commands inside jobs would find nobody until the next start.
void Daemon::listen_again() {
  const std::string path = setup_.paths.client_socket();
  if (platform::path_exists(path)) return;
  log_.warning(path + " was removed");
  if (const auto done = forward_.listen(path); !done) log_.error(done.error().message);
}

void Daemon::second_passed() {
  check_files();
  listen_again();
  loop_.after(heartbeat_every, [this] { second_passed(); });
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

void Daemon::tell_health(bool is_well, const std::string& reason) {
  if (!is_well) log_.warning("health check: " + reason);
  controller_.send(health_bytes(is_well, reason));
}

/// When it ends well, the machine is on its way down: the controller hears of the next boot, or
/// counts the time.
void Daemon::start_anew(const RebootOrder& order) {
  if (!state_.in_session || order.origin != state_.origin || is_starting_anew_) return;
  if (order.program.empty()) {
    controller_.send(reboot_failed_bytes("the configuration names no program for it any more"));
    return;
  }
  log_.warning("starts anew by " + order.program + ": " + order.why);
  is_starting_anew_ = true;
  const platform::ProgramRun run{
      order.program,
      {"COX_PROGRAM=reboot", "COX_NODE_NAME=" + setup_.options.name, "COX_REASON=" + order.why},
      order.timeout};
  programs_.run(run, [this, program = order.program](const platform::ProgramEnd& end) {
    is_starting_anew_ = false;
    if (end.is_good) return;
    log_.error("reboot: " + program + ": " + end.text());
    if (controller_.is_open()) {
      controller_.send(reboot_failed_bytes(program + ": " + end.text()));
    }
  });
}

/// Its supervisor knows what runs, and which signals it has had.
void Daemon::signal_step(const SignalOrder& order) {
  if (!state_.in_session || order.origin != state_.origin) return;
  supervisors_.send(order.step, step_signal_bytes(order));
}

/// Without fence a lease of an earlier controller is lifted.
void Daemon::renew_leases() {
  const auto left = contact_.lease_left(loop_.monotonic());
  const std::string message =
      step_lease_bytes(left.value_or(Duration{}), contact_.terms().fence_kill_wait);
  supervisors_.send_all(message, lease_protocol);
}

void Daemon::take_frame(const std::string& frame) {
  if (!controller_.is_open()) return;
  contact_.frame_came(loop_.monotonic());
  if (const auto number = heard_number(frame)) {
    const bool is_fenced = contact_.terms().fence_after.us > 0;
    if (contact_.answered(*number) && is_fenced) renew_leases();
    return;
  }
  auto received = receive(frame);
  if (!received && received.error().code == Code::refused) {
    controller_.give_up("registration refused: " + received.error().message);
  } else if (!received) {
    log_.error("message of the controller: " + received.error().message);
  } else if (received->reboot) {
    start_anew(*received->reboot);
  } else if (received->signal) {
    signal_step(*received->signal);
  } else if (received->processes) {
    tell_processes(*received->processes);
  } else if (std::holds_alternative<agent::Registered>(received->request)) {
    take_registered(std::move(*received));
  } else if (const auto* change = std::get_if<agent::ChangeTerms>(&received->request)) {
    const bool is_current = state_.in_session && change->origin == state_.origin;
    tell(std::move(received->request));
    if (!is_current) return;
    take_terms(received->terms);
    health_.begin(received->programs);
  } else if (std::holds_alternative<agent::Prepare>(received->request)) {
    take_prepare(std::move(*received));
  } else if (std::holds_alternative<agent::PrepareStep>(received->request)) {
    take_step(std::move(*received));
  } else {
    tell(std::move(received->request));
  }
}

void Daemon::take_registered(Received received) {
  const std::string& wanted = setup_.options.cluster;
  if (!wanted.empty() && received.cluster != wanted) {
    controller_.give_up("is of cluster " + received.cluster + ", this node of " + wanted);
    return;
  }
  cluster_ = received.cluster;
  tell(std::move(received.request));
  if (!state_.in_session) {
    controller_.give_up("is older than the one this node had, of epoch " +
                        std::to_string(state_.origin.epoch.value));
    return;
  }
  controller_.accepted();
  contact_.registered(received.terms, loop_.monotonic());
  renew_leases();
  setup_.manager.status("node " + setup_.options.name + ", registered with cluster " + cluster_);
  log_.info("registered with cluster " + cluster_ + ", epoch " +
            std::to_string(state_.origin.epoch.value) + ", session " +
            std::to_string(state_.origin.session.value));
  health_.begin(received.programs);
}

/// Contact goes on as it was: leases are counted from the last answer, by the new terms.
void Daemon::take_terms(const ContactTerms& terms) {
  contact_.change_terms(terms);
  renew_leases();
}

void Daemon::take_prepare(Received received) {
  const AttemptKey key = std::get<agent::Prepare>(received.request).attempt;
  if (received.refusal) {
    log_.error("attempt " + names_.text(key) + ": " + *received.refusal);
    run(agent::ReportPrepared{key, "", received.refusal, false});
    return;
  }
  plans_.try_emplace(key, std::move(*received.plan));
  tell(std::move(received.request));
  if (state_.find(key) == nullptr) plans_.erase(key);
}

void Daemon::take_step(Received received) {
  const StepKey key = std::get<agent::PrepareStep>(received.request).step;
  if (received.refusal) {
    log_.error("step " + names_.text(key) + ": " + *received.refusal);
    run(agent::ReportStepPrepared{key, "", received.refusal});
    return;
  }
  const auto plan = plans_.find(AttemptKey{key.job, key.attempt});
  if (plan != plans_.end()) plan->second.specs.try_emplace(key.step, std::move(*received.spec));
  tell(std::move(received.request));
}

// Effects may answer at once; their answers wait until the effects before them are carried out.
void Daemon::tell(agent::AgentRequest request) {
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

void Daemon::supervisor_told(agent::SupervisorStatus status) {
  if (is_recovered_) {
    tell(std::move(status));
  } else {
    early_[status.step] = std::move(status);
  }
}

void Daemon::supervisor_gone(agent::SupervisorGone gone) {
  const agent::AgentStep* step = state_.find(gone.step);
  if (step != nullptr && !step->is_over()) {
    log_.warning("supervisor of step " + names_.text(gone.step) + " is lost: " + gone.why);
  }
  if (is_recovered_) {
    const bool is_new = step != nullptr && step->phase == agent::StepPhase::preparing;
    if (is_new && give_up(gone.step)) gone.started = false;
    tell(std::move(gone));
  } else {
    early_.erase(gone.step);
  }
}

}  // namespace cox::noded
