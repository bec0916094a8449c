// A program's output is read while it runs, so that it never waits for us; its beginning is kept.
#include "platform/loop_programs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "common/text.h"
#include "platform/file.h"
#include "platform/process.h"

namespace cox::platform {
namespace {

constexpr std::size_t said_bytes_max = 4096;
constexpr std::size_t line_bytes_max = 200;
constexpr const char* path_variable =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The first line with something in it.
std::string first_line(std::string_view said) {
  for (const std::string_view line : split(said, '\n')) {
    const std::string_view words = trim(line);
    if (!words.empty()) return quoted(words, line_bytes_max);
  }
  return {};
}

std::string how_it_ended(const ChildExit& exit) {
  if (exit.signal != 0) return "killed by signal " + std::to_string(exit.signal);
  return "exit status " + std::to_string(exit.exit_code);
}

}  // namespace

Programs::~Programs() {
  for (const auto& [pid, one] : running_) {
    ::kill(-pid, SIGKILL);
    loop_.unwatch(one->output.get());
  }
}

std::uint64_t Programs::run(const ProgramRun& run, Done done) {
  const std::uint64_t number = ++last_;
  auto started = start(run, number);
  if (!started) {
    done(ProgramEnd{false, started.error().message, ""});
    return number;
  }
  One& one = **started;
  const pid_t pid = one.pid;
  one.number = number;
  one.timeout = run.timeout;
  one.done = std::move(done);
  running_[pid] = std::move(*started);
  one.timer = loop_.after(run.timeout, [pid, &one] {
    one.is_late = true;
    ::kill(-pid, SIGKILL);
  });
  return number;
}

void Programs::kill(std::uint64_t run) {
  for (const auto& [pid, one] : running_) {
    if (one->number == run) ::kill(-pid, SIGKILL);
  }
}

/// Before there is a process: none runs of which a later daemon would not hear.
Result<std::string> Programs::note(std::uint64_t number, std::vector<std::string>* environment) {
  const auto begun = notes_.begin(number);
  if (!begun) return Failure(begun.error());
  environment->push_back(notes_.marker(*begun));
  return *begun;
}

Result<std::unique_ptr<Programs::One>> Programs::start(const ProgramRun& run,
                                                       std::uint64_t number) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Failure(system_error("pipe", errno));
  auto one = std::make_unique<One>();
  one->output.reset(ends[0]);
  const Descriptor writes(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  SpawnRequest request;
  request.program = run.program;
  request.argv = {run.program};
  request.environment = run.environment;
  request.environment.emplace_back(path_variable);
  request.directory = "/";
  request.descriptors = {{1, ends[1]}, {2, ends[1]}};
  request.new_group = true;
  if (run.dies_with_us) {
    auto noted = note(number, &request.environment);
    if (!noted) return Failure(noted.error());
    one->note = *noted;
  }
  auto spawned = spawn(request);
  if (!spawned) {
    notes_.end(one->note);
    return Failure(spawned.error());
  }
  one->pid = spawned->pid;
  notes_.started(one->note, one->pid);
  auto watched = loop_.on_child_exit(
      one->pid, [this, pid = one->pid](const ChildExit& exit) { ended(pid, exit); });
  if (watched) {
    watched = loop_.watch_readable(ends[0], [this, read = one.get()] { read_output(*read); });
  }
  if (watched) return one;
  ::kill(-one->pid, SIGKILL);
  notes_.end(one->note);
  return Failure(watched.error());
}

void Programs::read_output(One& one) {
  std::array<char, 4096> bytes{};
  while (true) {
    const ssize_t got = ::read(one.output.get(), bytes.data(), bytes.size());
    if (got > 0) {
      const std::size_t room = said_bytes_max - one.said.size();
      one.said.append(bytes.data(), std::min(room, static_cast<std::size_t>(got)));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || errno != EAGAIN) loop_.unwatch(one.output.get());
    return;
  }
}

void Programs::ended(pid_t pid, const ChildExit& exit) {
  const auto found = running_.find(pid);
  if (found == running_.end()) return;
  const std::unique_ptr<One> one = std::move(found->second);
  running_.erase(found);
  loop_.cancel(one->timer);
  read_output(*one);
  loop_.unwatch(one->output.get());
  notes_.end(one->note);
  ProgramEnd end;
  end.has_exited = !one->is_late && exit.signal == 0;
  end.is_good = end.has_exited && exit.exit_code == 0;
  end.how = one->is_late ? "still ran after " + to_text(one->timeout) : how_it_ended(exit);
  end.line = first_line(one->said);
  if (ended_) ended_();
  one->done(end);
}

}  // namespace cox::platform
