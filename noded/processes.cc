// The answer to AskProcesses. Containers are asked on the loop, /proc is read beside it: a node may
// run thousands of processes.
#include "noded/processes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "common/text.h"
#include "noded/daemon.h"
#include "platform/file.h"
#include "platform/process.h"
#include "platform/user.h"

namespace cox::noded {
namespace {

constexpr std::size_t environment_bytes_max = std::size_t{1} << 20;
constexpr std::size_t small_bytes_max = std::size_t{64} << 10;
constexpr std::size_t command_bytes_max = 200;
constexpr std::string_view rank_name = "COX_RANK=";

std::string read(const std::string& path, std::size_t limit) {
  return platform::read_file(path, limit).value_or("");
}

/// The second number of /proc/PID/statm, in bytes.
std::int64_t memory_in(std::string_view statm) {
  const auto words = split(statm, ' ');
  const auto pages = words.size() < 2 ? std::nullopt : parse_u64(words[1]);
  return pages ? static_cast<std::int64_t>(*pages) * ::sysconf(_SC_PAGESIZE) : 0;
}

/// False where it has ended.
bool put_process(StepId step, int pid, wire::Process* to) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const auto info = platform::process_info(pid);

  struct stat owner {};

  if (!info || ::stat(directory.c_str(), &owner) != 0) return false;
  to->set_step(step.value);
  to->set_pid(pid);
  to->set_parent(info->parent);
  to->set_uid(owner.st_uid);
  to->set_state(std::string(1, info->state));
  to->set_cpu_us(info->user_us + info->system_us);
  to->set_memory_bytes(memory_in(read(directory + "/statm", small_bytes_max)));
  // A batch script is told that it is rank 0, and is no task.
  const auto rank = rank_in(read(directory + "/environ", environment_bytes_max));
  if (rank && step != step_batch) to->set_task(*rank);
  std::string command = command_text(read(directory + "/cmdline", small_bytes_max));
  if (command.empty()) {
    // One that is ending has no words any more, only its name.
    const std::string name = read(directory + "/comm", small_bytes_max);
    command = "[" + command_text(trim(name)) + "]";
  }
  to->set_command(std::move(command));
  return true;
}

}  // namespace

std::optional<std::uint32_t> rank_in(std::string_view environment) {
  for (const std::string_view entry : split(environment, '\0')) {
    if (!entry.starts_with(rank_name)) continue;
    const auto rank = parse_u64(entry.substr(rank_name.size()));
    if (rank && *rank <= UINT32_MAX) return static_cast<std::uint32_t>(*rank);
  }
  return std::nullopt;
}

std::string command_text(std::string_view words) {
  std::string text;
  while (words.ends_with('\0')) words.remove_suffix(1);
  for (const char c : words) {
    if (text.size() == command_bytes_max) return text + "...";
    const bool is_printable = static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    text += c == '\0' ? ' ' : is_printable ? c : '?';
  }
  return text;
}

wire::Processes process_report(const std::vector<StepProcesses>& steps) {
  wire::Processes report;
  std::size_t left_out = 0;
  for (const StepProcesses& step : steps) {
    for (const int pid : step.pids) {
      if (static_cast<std::size_t>(report.processes_size()) == processes_told_max) {
        ++left_out;
        continue;
      }
      if (!put_process(step.step, pid, report.add_processes())) {
        report.mutable_processes()->RemoveLast();
      }
    }
  }
  report.set_left_out(static_cast<std::uint32_t>(left_out));
  return report;
}

void put_users(const UserIdentity& owner, wire::Processes* report) {
  std::map<Uid, std::string> names{{owner.uid, owner.name}};
  for (wire::Process& process : *report->mutable_processes()) {
    auto [known, is_new] = names.try_emplace(process.uid());
    if (is_new) known->second = platform::user_name(process.uid());
    process.set_user(known->second);
  }
}

UserIdentity Daemon::user_of(AttemptKey attempt) const {
  const auto plan = plans_.find(attempt);
  return plan == plans_.end() ? UserIdentity{} : plan->second.user;
}

void Daemon::tell_processes(const ProcessesOrder& order) {
  if (!state_.in_session || order.origin != state_.origin) return;
  std::vector<StepProcesses> steps;
  if (const agent::AgentAttempt* attempt = state_.find(order.attempt)) {
    for (const auto& [id, step] : attempt->steps) {
      if (order.step && *order.step != id) continue;
      const StepKey key{order.attempt.job, order.attempt.attempt, id};
      steps.push_back({id, containers_.processes(key)});
      std::ranges::sort(steps.back().pids);
    }
  }
  auto report = std::make_shared<wire::NodeMessage>();
  looks_.run(
      [report, steps = std::move(steps), number = order.number, user = user_of(order.attempt)] {
        *report->mutable_processes() = process_report(steps);
        report->mutable_processes()->set_number(number);
        put_users(user, report->mutable_processes());
      },
      [this, report, origin = order.origin] {
        if (state_.in_session && origin == state_.origin) {
          controller_.send(report->SerializeAsString());
        }
      });
}

}  // namespace cox::noded
