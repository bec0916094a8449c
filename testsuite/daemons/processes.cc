// Waiting is by pidfd where there is a process, by looking again where there is none.
#include "testsuite/daemons/processes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "platform/file.h"

namespace cox::daemons {
namespace {

constexpr int wait_ms_max = 30'000;
constexpr int pause_ms_max = 20;
constexpr std::size_t text_bytes_max = 16U << 20;

std::string proc_file(int pid, const char* name) {
  const auto text = platform::read_file("/proc/" + std::to_string(pid) + "/" + name, 4U << 20);
  return text.value_or("");
}

std::vector<int> living(const std::function<bool(int)>& matches) {
  std::vector<int> found;
  for (const platform::ProcessInfo& process : platform::all_processes()) {
    if (process.state == 'Z' || process.pid == ::getpid()) continue;
    if (matches(process.pid)) found.push_back(process.pid);
  }
  return found;
}

}  // namespace

bool eventually(const std::function<bool()>& holds, std::chrono::seconds patience) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + patience;
  int pause_ms = 1;
  while (!holds()) {
    if (Clock::now() >= deadline) return holds();
    ::poll(nullptr, 0, pause_ms);
    pause_ms = std::min(pause_ms * 2, pause_ms_max);
  }
  return true;
}

Child::Child(const platform::SpawnRequest& request) {
  auto spawned = platform::spawn(request);
  EXPECT_TRUE(spawned) << (spawned ? "" : spawned.error().message);
  if (spawned) spawned_ = std::move(*spawned);
}

Child::Child(Child&& other) noexcept : spawned_(std::exchange(other.spawned_, {})) {}

Child& Child::operator=(Child&& other) noexcept {
  if (runs()) static_cast<void>(end(SIGKILL));
  spawned_ = std::exchange(other.spawned_, {});
  return *this;
}

Child::~Child() {
  if (runs()) static_cast<void>(end(SIGKILL));
}

void Child::signal(int number) const {
  if (runs()) ::kill(spawned_.pid, number);
}

int Child::wait() {
  if (!runs()) return -1;
  pollfd ended{spawned_.pidfd.get(), POLLIN, 0};
  if (::poll(&ended, 1, wait_ms_max) != 1) return -1;
  const auto status = platform::wait_for(spawned_.pid);
  spawned_ = {};
  return status ? platform::exit_code_of(*status) : -1;
}

int Child::end(int number) {
  signal(number);
  const int status = wait();
  if (status >= 0 || !runs()) return status;
  signal(SIGKILL);
  return wait();
}

Ran run_program(platform::SpawnRequest request, const std::string& input) {
  const platform::Descriptor in(::memfd_create("input", MFD_CLOEXEC));
  const platform::Descriptor out(::memfd_create("output", MFD_CLOEXEC));
  // A memfd's position is not locked: of two writers at once one would be overwritten.
  EXPECT_EQ(::fcntl(out.get(), F_SETFL, O_APPEND), 0);
  EXPECT_TRUE(platform::write_all(in.get(), "input", input));
  ::lseek(in.get(), 0, SEEK_SET);
  request.descriptors = {{0, in.get()}, {1, out.get()}, {2, out.get()}};
  Child child(request);
  Ran ran;
  ran.status = child.wait();
  ::lseek(out.get(), 0, SEEK_SET);
  ran.output = platform::read_all(out.get(), "output", text_bytes_max).value_or("");
  return ran;
}

std::vector<int> processes_naming(const std::string& text) {
  return living([&](int pid) {
    return proc_file(pid, "cmdline").find(text) != std::string::npos ||
           proc_file(pid, "environ").find(text) != std::string::npos;
  });
}

std::vector<int> processes_called(const std::string& program, const std::string& text) {
  return living([&](int pid) {
    const std::string arguments = proc_file(pid, "cmdline");
    return arguments.starts_with(program) && arguments.find(text) != std::string::npos;
  });
}

char process_state(int pid) {
  const auto text = platform::read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
  const std::size_t end = text ? text->rfind(')') : std::string::npos;
  return end == std::string::npos || end + 2 >= text->size() ? '?' : (*text)[end + 2];
}

}  // namespace cox::daemons
