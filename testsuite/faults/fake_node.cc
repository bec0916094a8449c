// The node daemon's side of a fake world: dialing, messages, restarts. What effects do to the
// simulated machine is in fake_machine.cc.
#include "testsuite/faults/fake_node.h"

#include <utility>
#include <variant>
#include <vector>

#include "common/assert.h"
#include "noded/translate.h"
#include "wire/model_codec.h"

namespace cox::faults {
namespace {

constexpr std::uint64_t run_us_default = 50'000;

std::uint64_t label_number(const wire::JobRequest& request,
                           const std::string& label,
                           std::uint64_t otherwise) {
  const auto found = request.labels().find(label);
  return found == request.labels().end() ? otherwise : std::stoull(found->second);
}

}  // namespace

FakeNode::FakeNode(
    std::string name, std::string machine, Timeline& timeline, Rng rng, Watch& watch, Dial dial)
    : name_(std::move(name)),
      machine_(std::move(machine)),
      timeline_(timeline),
      rng_(rng),
      watch_(watch),
      dial_(std::move(dial)) {}

const agent::AgentState& FakeNode::agent() const {
  ASSERT(daemon_ != nullptr);
  return daemon_->state;
}

void FakeNode::start_daemon() {
  ASSERT(daemon_ == nullptr);
  daemon_ = std::make_shared<Daemon>();
  daemon_->number = ++daemons_;
  // The agent writes files while they are read.
  for (const auto& [attempt, file] : std::map(files_)) recover(attempt, file);
  for (const auto& [step, supervisor] : supervisors_) {
    if (supervisor.alive) {
      tell_status(step);
    }
  }
  for (const AttemptKey& attempt : containers_) {
    if (files_.count(attempt) == 0) tell(noded::recovery_of_stray(attempt));
  }
  dial();
  beat();
  age();
}

/// What noded/recovery.cc does with a file.
void FakeNode::recover(AttemptKey attempt, const std::string& file) {
  auto found = noded::parse_attempt_file(file);
  if (!found) {
    if (file != noded::ended_attempt_text()) watch_.complain(found.error().message);
    return tell(noded::recovery_of_stray(attempt));
  }
  std::set<StepKey> alive;
  for (const auto& [step, supervisor] : supervisors_) {
    if (supervisor.alive) alive.insert(step);
  }
  agent::RecoverAttempt request = noded::recovery_of(found->plan, found->released, alive);
  request.never_began = found->plan.marks_begin && request.initial && request.alive.empty() &&
                        set_mark({attempt.job, attempt.attempt, *request.initial}, false);
  learn(std::move(found->plan));
  tell(request);
}

void FakeNode::kill_daemon() {
  daemon_.reset();
}

void FakeNode::lose_attempt_files() {
  for (auto file = files_.begin(); file != files_.end();) {
    // A result that waits for its acknowledgement has no container any more: with its file gone
    // nothing would show that the job ever ran.
    const bool is_lost = rng_.chance(1, 2) && containers_.count(file->first) != 0;
    file = is_lost ? files_.erase(file) : std::next(file);
  }
}

void FakeNode::stop_machine() {
  daemon_.reset();
  for (const auto& [step, supervisor] : supervisors_) {
    if (supervisor.tasks_alive) {
      watch_.tasks_ended({step, machine_});
    }
  }
  supervisors_.clear();
  containers_.clear();
  standing_.clear();
  files_.clear();
  marks_.clear();
  ++boot_;
  ++machine_life_;
}

void FakeNode::kill_a_supervisor() {
  std::vector<StepKey> alive;
  for (const auto& [step, supervisor] : supervisors_) {
    if (supervisor.alive) alive.push_back(step);
  }
  if (alive.empty()) return;
  const StepKey step = alive[rng_.below(alive.size())];
  supervisors_[step].alive = false;
  tell_later(milliseconds(1), agent::SupervisorGone{step, "killed by signal 9"});
}

void FakeNode::cut() {
  if (daemon_ != nullptr && daemon_->send) {
    daemon_->send = nullptr;
    ++daemon_->connection;
    tell(agent::Disconnected{});
    timeline_.after(milliseconds(rng_.between(100, 3000)), [this, weak = std::weak_ptr(daemon_)] {
      if (weak.lock() != nullptr) {
        dial();
      }
    });
  }
}

void FakeNode::dial() {
  const auto life = std::weak_ptr(daemon_);
  const std::uint64_t connection = ++daemon_->connection;
  const auto is_ours = [life, connection] {
    const auto daemon = life.lock();
    return daemon != nullptr && daemon->connection == connection;
  };
  daemon_->send = dial_(
      name_,
      [this, is_ours](const std::string& bytes) {
        if (is_ours()) {
          received(bytes);
        }
      },
      [this, is_ours] {
        if (is_ours()) {
          cut();
        }
      });
  if (!daemon_->send) {
    timeline_.after(milliseconds(rng_.between(100, 1000)), [this, life] {
      if (life.lock() != nullptr && !daemon_->send) {
        dial();
      }
    });
    return;
  }
  report(noded::register_bytes(inventory(), agent::held(daemon_->state)));
}

NodeInventory FakeNode::inventory() const {
  NodeInventory inventory;
  inventory.name = name_;
  inventory.boot_id = machine_ + "-boot-" + std::to_string(boot_);
  inventory.containment = "simulated";
  inventory.version = COX_VERSION;
  inventory.node_class.cores.resize(8);
  for (std::uint16_t i = 0; i < 8; ++i) {
    const auto half = static_cast<std::uint16_t>(i / 4);
    inventory.node_class.cores[i] = {0, half, half, 1};
  }
  inventory.node_class.numa_nodes = 2;
  inventory.node_class.hash = wire::hash_class(inventory.node_class);
  inventory.memory_mib = {memory_mib_, memory_mib_};
  return inventory;
}

void FakeNode::received(const std::string& bytes) {
  auto message = noded::receive(bytes);
  if (!message) {
    // A controller refuses a node whose other self it still hears; the daemon dials again.
    if (message.error().code != Code::refused) {
      watch_.complain("a message to " + name_ + " was refused: " + message.error().message);
    }
    return;
  }
  if (message->plan) {
    learn(std::move(*message->plan));
  }
  tell(message->request);
}

std::function<void(const std::string&)> FakeNode::ear() {
  return [this, life = std::weak_ptr(daemon_)](const std::string& bytes) {
    if (life.lock() != nullptr) received(bytes);
  };
}

void FakeNode::learn(noded::AttemptPlan plan) {
  const auto& request = plan.prepare.request();
  Known known;
  known.cores = plan.share.cores;
  known.run_us = label_number(request, "run_us", run_us_default);
  known.exit_code = static_cast<int>(label_number(request, "exit", 0));
  known.plan = std::move(plan);
  daemon_->known.emplace(known.plan.key(), std::move(known));
}

void FakeNode::tell(const agent::AgentRequest& request) {
  if (daemon_ != nullptr) {
    carry_out(agent::handle(daemon_->state, request));
  }
}

void FakeNode::tell_later(Duration delay, agent::AgentRequest request) {
  timeline_.after(delay, [this, life = std::weak_ptr(daemon_), request = std::move(request)] {
    if (life.lock() != nullptr) {
      tell(request);
    }
  });
}

void FakeNode::carry_out(const agent::AgentEffects& effects) {
  for (const auto& effect : effects) {
    std::visit([this](const auto& e) { act(e); }, effect);
  }
}

void FakeNode::report(const std::string& bytes) {
  if (daemon_ != nullptr && daemon_->send) {
    daemon_->send(bytes);
  }
}

void FakeNode::beat() {
  report(noded::heartbeat_bytes());
  timeline_.after(seconds(1), [this, life = std::weak_ptr(daemon_)] {
    if (life.lock() != nullptr) {
      beat();
    }
  });
}

void FakeNode::age() {
  if (agent::is_anything_closing(daemon_->state)) {
    tell(agent::SecondPassed{});
  }
  timeline_.after(seconds(1), [this, life = std::weak_ptr(daemon_)] {
    if (life.lock() != nullptr) {
      age();
    }
  });
}

std::string FakeNode::leftovers() const {
  std::string out;
  for (const auto& attempt : containers_) {
    out += name_ + ": container of job " + std::to_string(attempt.job.value) + "; ";
  }
  for (const auto& [attempt, known] : files_) {
    out += name_ + ": attempt file of job " + std::to_string(attempt.job.value) + "; ";
  }
  for (const auto& [step, supervisor] : supervisors_) {
    if (supervisor.alive) {
      out += name_ + ": supervisor of job " + std::to_string(step.job.value) + "; ";
    }
  }
  return out;
}

}  // namespace cox::faults
