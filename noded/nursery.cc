// Waits for each answer: a fork is a fraction of a millisecond, as was the spawn it replaces.
#include "noded/nursery.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include "platform/file.h"
#include "platform/hand_over.h"
#include "platform/process.h"

namespace cox::noded {
namespace {

constexpr int control_number = 3;
constexpr timeval patience{5, 0};  // with a nursery that was stopped

std::vector<std::string> supervisor_environment() {
  std::vector<std::string> kept;
  for (std::string& entry : platform::current_environment()) {
    if (entry.starts_with("PATH=") || entry.starts_with("LD_LIBRARY_PATH=")) {
      kept.push_back(std::move(entry));
    }
  }
  return kept;
}

}  // namespace

Nursery::Nursery(platform::Loop& loop, const Log& log, std::string program, bool is_guarded)
    : loop_(loop), log_(log), program_(std::move(program)), is_guarded_(is_guarded) {}

Result<void> Nursery::open() {
  if (control_.is_open()) return {};
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return tl::unexpected(platform::system_error("socketpair", errno));
  }
  platform::Descriptor ours(ends[0]);
  const platform::Descriptor theirs(ends[1]);
  for (const int limit : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    ::setsockopt(ours.get(), SOL_SOCKET, limit, &patience, sizeof patience);
  }
  platform::SpawnRequest request;
  request.program = program_;
  const char* role = is_guarded_ ? stepd::guarded_nursery_argument : stepd::nursery_argument;
  request.argv = {"coxstepd", role, std::string(stepd::nursery_room, ' ')};
  request.environment = supervisor_environment();
  request.directory = "/";
  request.descriptors = {{2, log_.descriptor()}, {control_number, theirs.get()}};
  request.new_session = true;
  auto spawned = platform::spawn(request);
  if (!spawned) return tl::unexpected(spawned.error());
  const int pid = spawned->pid;
  pids_.insert(pid);
  auto watched = loop_.on_child_exit(pid, [this, pid](const platform::ChildExit&) { ended(pid); });
  if (!watched) return watched;
  pid_ = pid;
  control_ = std::move(ours);
  return {};
}

Result<stepd::Birth> Nursery::bear(const std::string& socket_path, int link) {
  if (auto opened = open(); !opened) return tl::unexpected(opened.error());
  auto born = order(socket_path, link);
  if (born || control_.is_open()) return born;
  log_.warning("nursery of supervisors: " + born.error().message + "; a new one is started");
  if (auto opened = open(); !opened) return tl::unexpected(opened.error());
  return order(socket_path, link);
}

// The socket stays open where the nursery itself is well.
Result<stepd::Birth> Nursery::order(const std::string& socket_path, int link) {
  const auto sent = platform::hand_over(control_.get(), socket_path, {link, log_.descriptor()});
  auto answer = sent ? platform::take_over(control_.get(), sizeof(stepd::Birth))
                     : Result<platform::Handed>(tl::unexpected(sent.error()));
  if (!answer || answer->bytes.size() != sizeof(stepd::Birth)) {
    control_.reset();
    ::kill(pid_, SIGKILL);
    if (!answer) return tl::unexpected(answer.error());
    return fail(Code::unreachable, "it is gone");
  }
  stepd::Birth birth;
  std::memcpy(&birth, answer->bytes.data(), sizeof birth);
  if (birth.pid <= 0) {
    if (birth.guard > 0) ::waitpid(birth.guard, nullptr, 0);  // it ends at once
    return tl::unexpected(platform::system_error("fork", birth.number));
  }
  return birth;
}

void Nursery::ended(int pid) {
  if (pid == pid_) control_.reset();
}

}  // namespace cox::noded
