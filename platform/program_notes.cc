// A note is a file: empty until the program has a process, then "BOOT PID START". The processes are
// found as those of process groups are (container_groups.h): by that, by descent, or by the marker.
#include "platform/program_notes.h"

#include <signal.h>
#include <unistd.h>

#include <ctime>
#include <utility>
#include <vector>

#include "common/text.h"
#include "model/time.h"
#include "platform/container_backends.h"
#include "platform/container_groups.h"
#include "platform/file.h"
#include "platform/process.h"

namespace cox::platform {
namespace {

constexpr const char* run_marker = "COX_PROGRAM_RUN=";
constexpr int looks_max = 500;  // of ten milliseconds each
constexpr Duration look_pause = milliseconds(10);

std::string boot_of_now() {
  return read_value("/proc/sys/kernel/random/boot_id").value_or("-");
}

Records records_in(const std::string& path) {
  Records records;
  const std::string text = read_value(path).value_or("");
  const auto words = split(text, ' ');
  if (words.size() != 3 || words[0] != boot_of_now()) return records;
  const auto pid = parse_u64(words[1]);
  const auto start = parse_u64(words[2]);
  if (pid && start) records.members.insert(Identity{static_cast<int>(*pid), *start});
  return records;
}

void pause_a_little() {
  const timespec time{0, static_cast<long>(look_pause.us) * 1000};
  ::nanosleep(&time, nullptr);
}

struct EndedRun {
  bool was_there = false;
  std::size_t left = 0;
};

/// One look may miss what is forked meanwhile: looks until one finds nothing.
EndedRun end_run(const Records& records, const std::string& marker) {
  ForeignPids foreign;
  EndedRun ended;
  for (int look = 0; look < looks_max; ++look) {
    if (look > 0) pause_a_little();
    const std::vector<ProcessInfo> found = find_members(records, marker, &foreign);
    ended.left = found.size();
    if (found.empty()) break;
    ended.was_there = true;
    for (const ProcessInfo& one : found) {
      static_cast<void>(signal_process(one.pid, one.start_ticks, SIGKILL));
    }
  }
  return ended;
}

}  // namespace

Result<std::string> ProgramNotes::begin(std::uint64_t number) const {
  // The pid: notes of an earlier daemon's survivors are still there.
  const std::string name = std::to_string(::getpid()) + "-" + std::to_string(number);
  if (auto made = make_directories(directory_, 0700); !made) return Failure(made.error());
  if (auto noted = write_file_atomic(directory_ + "/" + name, ""); !noted) {
    return Failure(noted.error());
  }
  return name;
}

std::string ProgramNotes::marker(const std::string& name) const {
  return run_marker + directory_ + "/" + name;
}

/// Not worth an error: the marker is found as well.
void ProgramNotes::started(const std::string& name, pid_t pid) const {
  const auto info = process_info(pid);
  if (name.empty() || !info) return;
  static_cast<void>(write_file_atomic(
      directory_ + "/" + name,
      boot_of_now() + " " + std::to_string(pid) + " " + std::to_string(info->start_ticks) + "\n"));
}

void ProgramNotes::end(const std::string& name) const {
  if (name.empty()) return;
  static_cast<void>(remove_path(directory_ + "/" + name));
  ::rmdir(directory_.c_str());  // while others run it is not empty
}

ProgramNotes::Left ProgramNotes::end_left() const {
  Left left;
  const auto names = list_directory(directory_);
  if (!names) return left;
  for (const std::string& name : *names) {
    const EndedRun run = end_run(records_in(directory_ + "/" + name), marker(name));
    if (run.was_there) ++left.ended;
    left.survivors += static_cast<std::uint32_t>(run.left);
    if (run.left == 0) end(name);
  }
  return left;
}

}  // namespace cox::platform
