// What the agent asks to be done on this machine and told to the controller.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "common/text.h"
#include "noded/daemon.h"
#include "platform/file.h"

namespace cox::noded {
namespace {

constexpr std::int64_t bytes_per_mib = 1 << 20;
constexpr std::uint32_t pause_protocol = 3;  // older supervisors know no pause
constexpr Duration unwritten_pause = seconds(1);

AttemptKey attempt_of(const StepKey& key) {
  return {key.job, key.attempt};
}

std::string result_text(const StepResult& result) {
  std::string text(to_text(result.cause));
  text += result.signal != 0 ? ", signal " + std::to_string(result.signal)
                             : ", exit " + std::to_string(result.exit_code);
  if (!result.detail.empty()) text += ": " + result.detail;
  return text;
}

}  // namespace

void Daemon::run(const agent::MakeContainer& effect) {
  const AttemptKey key = effect.attempt;
  const auto plan = plans_.find(key);
  if (plan == plans_.end()) return tell(agent::ContainerMade{key, "its plan is gone", true});
  users_.check(plan->second.user, [this, key](std::optional<std::string> failure) {
    const auto still = plans_.find(key);
    if (failure || still == plans_.end()) {
      tell(agent::ContainerMade{key, failure, false});
      return;
    }
    const auto made = make_attempt(still->second);
    if (made) return run_prolog(still->second);
    tell(agent::ContainerMade{key, made.error().message, true});
  });
}

Result<void> Daemon::make_attempt(const AttemptPlan& plan) {
  // A later daemon would not know the attempt, and would end its tasks as nobody's.
  if (const auto found = unwritten_.find(plan.key()); found != unwritten_.end()) {
    return Failure(found->second);
  }
  const std::size_t cores = setup_.inventory.node_class.cores.size();
  if (const std::size_t beyond = plan.share.cores.next(cores); beyond < plan.share.cores.size()) {
    return fail(Code::bad_usage,
                "share names core " + std::to_string(beyond) + " of " + std::to_string(cores));
  }
  if (auto made = make_tmp(plan); !made) return made;
  return containers_.make(plan.key(), limits(plan.share));
}

// The private directory of the attempt, COX_TMPDIR.
Result<void> Daemon::make_tmp(const AttemptPlan& plan) {
  const std::string path = setup_.paths.tmp(plan.key());
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return tl::unexpected(platform::system_error("mkdir " + path, errno));
  }
  if (geteuid() != 0) return {};
  if (lchown(path.c_str(), plan.user.uid, plan.user.gid) != 0) {
    return tl::unexpected(platform::system_error("chown " + path, errno));
  }
  return {};
}

void Daemon::remove_tmp(AttemptKey key) {
  const std::string path = setup_.paths.tmp(key);
  if (rmdir(path.c_str()) == 0 || errno == ENOENT) return;
  auto failure = std::make_shared<std::string>();
  removals_.run(
      [path, failure] {
        const auto removed = platform::remove_tree(path);
        if (!removed) *failure = removed.error().message;
      },
      [this, failure] {
        if (!failure->empty()) log_.warning(*failure);
      });
}

platform::ContainerLimits Daemon::limits(const NodeShare& share) const {
  platform::ContainerLimits limits;
  for (const std::int64_t mib : share.memory_mib) limits.memory_bytes += mib * bytes_per_mib;
  if (!setup_.machine->is_thissystem()) return limits;
  limits.cpus = setup_.machine->os_cpus(placed(share.cores));
  if (setup_.options.emulation) return limits;
  Bitset numa(share.memory_mib.size());
  for (std::size_t i = 0; i < share.memory_mib.size(); ++i) {
    if (share.memory_mib[i] > 0) numa.set(i);
  }
  limits.memory_nodes = setup_.machine->os_memory_nodes(numa);
  return limits;
}

// Nodes played on one machine all have its cores: each begins at another one, so that the first
// cores of all of them are not the same.
Bitset Daemon::placed(const Bitset& cores) const {
  if (!setup_.options.emulation || cores.size() == 0) return cores;
  const auto [index, count] = *setup_.options.emulation;
  const std::size_t stride = std::max<std::size_t>(1, cores.size() / count);
  Bitset result(cores.size());
  cores.for_each([&](std::size_t core) { result.set((core + index * stride) % cores.size()); });
  return result;
}

/// Of a step that has less than all of the attempt.
platform::ContainerLimits Daemon::step_limits(const NodeShare& part) const {
  platform::ContainerLimits own = limits(part);
  // Without memory of its own it has the attempt's, wherever that is.
  if (own.memory_bytes == 0) own.memory_nodes.clear();
  return own;
}

// The controller made the plan (core/job/step_binding.h); here its cores become this system's.
void Daemon::bind(const wire::StepSpec& spec, StepPlace* place) const {
  if (spec.is_batch()) return;
  const NodeClass& node = setup_.inventory.node_class;
  place->binding_map.assign(spec.binding_map().begin(), spec.binding_map().end());
  place->not_bound = spec.not_bound();
  if (place->not_bound.empty() && spec.bindings().empty()) {
    place->not_bound = "the controller made no plan";
  }
  if (!place->not_bound.empty()) return;
  for (const wire::TaskBinding& task : spec.bindings()) {
    const auto cores = Bitset::from_ranges(task.cores(), node.cores.size());
    const auto numa = Bitset::from_ranges(task.numa(), node.numa_nodes);
    if (!cores || !numa) {
      place->not_bound = "the plan is for another node than this";
      place->task_cpus.clear();
      place->task_memory.clear();
      return;
    }
    place->task_cpus.push_back(setup_.machine->os_cpus(*cores));
    place->task_memory.push_back(setup_.machine->os_memory_nodes(*numa));
  }
}

void Daemon::run(const agent::SpawnSupervisor& effect) {
  const auto plan = plans_.find(attempt_of(effect.step));
  if (plan == plans_.end() || plan->second.spec(effect.step.step) == nullptr) {
    return tell(agent::SupervisorGone{effect.step, "its plan is gone", false});
  }
  const auto pid = spawn(plan->second, effect);
  if (!pid) {
    log_.error("step " + names_.text(effect.step) + ": " + pid.error().message);
    return tell(agent::SupervisorGone{effect.step, pid.error().message, false});
  }
  containers_.set_supervisor(effect.step, *pid);
}

Result<int> Daemon::spawn(const AttemptPlan& plan, const agent::SpawnSupervisor& effect) {
  const StepKey& key = effect.step;
  const wire::StepSpec& spec = *plan.spec(key.step);
  const auto share = plan.share_of(spec);
  if (!share) return tl::unexpected(share.error());
  const auto limits = spec.has_part() ? step_limits(*share) : platform::ContainerLimits{};
  if (auto made = containers_.make(key, limits); !made) return tl::unexpected(made.error());
  StepPlace place;
  place.node_name = setup_.options.name;
  place.cluster = cluster_;
  place.controller = setup_.paths.client_socket();
  place.container = containers_.path(key);
  place.containment = containers_.description();
  place.state_dir = setup_.paths.groups();
  place.tmp_dir = setup_.paths.tmp(plan.key());
  place.kill_wait_us = state_.kill_wait.us;
  bind(spec, &place);
  put_gpus(plan, *share, &place);
  hint_gpus(spec, *share, &place);
  place.go_at_once = effect.go_at_once;
  place.stands = effect.stands;
  if (const auto left = contact_.lease_left(loop_.monotonic())) {
    place.lease_left = *left;
    place.lease_kill_wait = contact_.terms().fence_kill_wait;
  }
  return supervisors_.spawn(key, step_start_bytes(plan, key.step, place));
}

void Daemon::put_gpus(const AttemptPlan& plan, const NodeShare& share, StepPlace* place) const {
  const auto numbers = [this](const Bitset& devices, platform::GpuVendor vendor) {
    return setup_.machine->gpu_numbers(devices, vendor);
  };
  place->nvidia_gpus = numbers(share.devices, platform::GpuVendor::nvidia);
  place->amd_gpus = numbers(share.devices, platform::GpuVendor::amd);
  const bool has_none = place->nvidia_gpus.empty() && place->amd_gpus.empty();
  place->hides_gpus =
      has_none && !(numbers(plan.share.devices, platform::GpuVendor::nvidia).empty() &&
                    numbers(plan.share.devices, platform::GpuVendor::amd).empty());
}

// Which of the devices that a task sees is nearest to it. Where GPUs of two vendors are there, each
// kind is counted by itself, as their libraries do.
void Daemon::hint_gpus(const wire::StepSpec& spec, const NodeShare& share, StepPlace* place) const {
  for (const wire::TaskBinding& task : spec.bindings()) {
    std::uint32_t position = 0;
    for (const auto vendor : {platform::GpuVendor::nvidia, platform::GpuVendor::amd}) {
      if (!task.has_gpu() || task.gpu() >= share.devices.size()) break;
      Bitset only(share.devices.size());
      only.set(task.gpu());
      const std::string number = setup_.machine->gpu_numbers(only, vendor);
      if (number.empty()) continue;
      const std::string visible = setup_.machine->gpu_numbers(share.devices, vendor);
      std::uint32_t at = 0;
      for (const std::string_view one : split(visible, ',')) {
        ++at;
        if (one == number) position = at;
      }
    }
    place->task_gpu.push_back(position);
  }
}

void Daemon::run(const agent::TellGo& effect) {
  supervisors_.send(effect.step, step_go_bytes(effect.endpoints));
}

void Daemon::run(const agent::TellEnd& effect) {
  supervisors_.send(effect.step, step_end_bytes(effect.cause));
}

void Daemon::run(const agent::TellLimit& effect) {
  const auto plan = plans_.find(effect.attempt);
  if (plan != plans_.end()) change_limit(effect.limit, &plan->second);
  supervisors_.send_attempt(effect.attempt, step_limit_bytes(effect.limit));
}

/// Clocks stop before what they count, and go on after it.
void Daemon::run(const agent::PauseAttempt& effect) {
  const std::string told = step_pause_bytes(effect.stands);
  if (effect.stands) supervisors_.send_attempt(effect.attempt, told, pause_protocol);
  const auto done = containers_.freeze(effect.attempt, effect.stands);
  if (!done) {
    log_.error("attempt " + names_.text(effect.attempt) + " cannot be made to " +
               (effect.stands ? "stand still: " : "go on: ") + done.error().message);
  }
  if (!effect.stands) supervisors_.send_attempt(effect.attempt, told, pause_protocol);
}

void Daemon::run(const agent::TellForget& effect) {
  const auto plan = plans_.find(attempt_of(effect.step));
  if (plan != plans_.end()) plan->second.specs.erase(effect.step.step);
  supervisors_.send(effect.step, step_forget_bytes());
}

void Daemon::run(const agent::KillStep& effect) {
  containers_.kill(containers_.path(effect.step));
}

void Daemon::run(const agent::KillAttempt& effect) {
  containers_.kill(containers_.path(effect.attempt),
                   [this, key = effect.attempt](std::uint32_t processes, const std::string& why) {
                     tell(agent::ContainerBusy{key, processes, why});
                   });
}

void Daemon::run(const agent::KillSupervisor& effect) {
  supervisors_.kill(effect.step);
}

void Daemon::run(const agent::RemoveContainer& effect) {
  const AttemptKey key = effect.attempt;
  if (epilogs_.contains(key)) return;
  // Until the word is written the container alone tells a later daemon that there was something.
  if (unwritten_.contains(key) && !plans_.contains(key) && !write_ended(key)) {
    containers_.kill(containers_.path(key));
    loop_.after(unwritten_pause, [this, effect] { run(effect); });
    return;
  }
  containers_.remove(key, [this, key](const Containers::Removal& removal) {
    if (removal.done) {
      stuck_told_.erase(key);
      remove_tmp(key);
      run_epilog(key, removal.usage);
      return;
    }
    if (stuck_told_.insert(key).second) {
      log_.warning("attempt " + names_.text(key) + ": " + std::to_string(removal.processes) +
                   " processes survive SIGKILL; tried again each second: " + removal.why);
    }
    tell(agent::ContainerBusy{key, removal.processes, removal.why});
  });
}

void Daemon::run(const agent::Remember& effect) {
  const auto plan = plans_.find(effect.attempt);
  if (plan == plans_.end()) return;
  const auto written =
      platform::write_file_atomic(setup_.paths.attempt_file(effect.attempt),
                                  attempt_file_text(plan->second, effect.released), {0600, false});
  if (written) return;
  log_.error("attempt " + names_.text(effect.attempt) + ": " + written.error().message);
  unwritten_[effect.attempt] = written.error();
}

void Daemon::run(const agent::RememberEnded& effect) {
  write_ended(effect.attempt);
}

bool Daemon::write_ended(AttemptKey key) {
  const auto written = platform::write_file_atomic(setup_.paths.attempt_file(key),
                                                   ended_attempt_text(), {0600, false});
  if (written) {
    unwritten_.erase(key);
    return true;
  }
  if (unwritten_.insert_or_assign(key, written.error()).second) {
    log_.error("attempt " + names_.text(key) + ": " + written.error().message +
               ": its container stays until that can be written");
  }
  return false;
}

void Daemon::run(const agent::Forget& effect) {
  std::optional<StepKey> marked;
  if (const auto plan = plans_.find(effect.attempt);
      plan != plans_.end() && plan->second.marks_begin) {
    marked = StepKey{effect.attempt.job, effect.attempt.attempt, *plan->second.initial()};
  }
  plans_.erase(effect.attempt);
  unwritten_.erase(effect.attempt);
  const auto removed = platform::remove_path(setup_.paths.attempt_file(effect.attempt));
  if (!removed) return log_.error(removed.error().message);
  // Last: an attempt without its mark would be taken for one that never began.
  if (marked) remove_mark(*marked);
}

void Daemon::run(const agent::ReportPrepared& effect) {
  if (effect.failure) {
    log_.warning("attempt " + names_.text(effect.attempt) +
                 " cannot be prepared: " + *effect.failure);
  }
  controller_.send(report_bytes(effect));
}

void Daemon::run(const agent::ReportStepPrepared& effect) {
  if (effect.failure) {
    log_.warning("step " + names_.text(effect.step) + " cannot be prepared: " + *effect.failure);
  }
  controller_.send(report_bytes(effect));
}

void Daemon::run(const agent::ReportStepEnded& effect) {
  log_.info("step " + names_.text(effect.step) + " ended: " + result_text(effect.result));
  controller_.send(report_bytes(effect));
}

void Daemon::run(const agent::ReportClosed& effect) {
  controller_.send(report_bytes(effect));
}

void Daemon::run(const agent::ReportStuck& effect) {
  controller_.send(report_bytes(effect));
}

// Once per attempt, however often it is reported.
void Daemon::log_closed(AttemptKey key) {
  const agent::AgentAttempt* attempt = state_.find(key);
  const bool has_result = attempt != nullptr && attempt->batch_result.has_value();
  log_.info("attempt " + names_.text(key) + " closed" +
            (has_result ? ": " + result_text(*attempt->batch_result) : ""));
}

}  // namespace cox::noded
