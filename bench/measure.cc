// See measure.h.
#include "bench/measure.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace cox::bench {
namespace {

double clock_ms(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void wait_for(int pid, const std::string& program) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) give_up(program + " failed");
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 65'536> buffer;  // what a pipe holds, as those who read from one do
  for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

double monotonic_ms() {
  return clock_ms(CLOCK_MONOTONIC);
}

std::int64_t wall_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

double spawn_ms(const std::vector<std::string>& argv, std::string* out) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  int ends[2] = {-1, -1};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (out != nullptr && ::pipe2(ends, O_CLOEXEC) == 0) {
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  }
  const double begin = monotonic_ms();
  int pid = 0;
  if (::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ) != 0) {
    give_up("cannot run " + argv[0]);
  }
  if (out != nullptr) {
    ::close(ends[1]);
    *out = read_all(ends[0]);
    ::close(ends[0]);
  }
  wait_for(pid, argv[0]);
  const double end = monotonic_ms();
  ::posix_spawn_file_actions_destroy(&actions);
  return end - begin;
}

double percentile(std::vector<double> samples, double percent) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  const double rank = std::ceil(percent / 100.0 * static_cast<double>(samples.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return samples[std::min(index, samples.size() - 1)];
}

void print_times(const std::string& name, const std::vector<double>& samples_ms) {
  std::printf("%s: median %.2f ms, p99 %.2f ms, min %.2f ms, n %zu\n", name.c_str(),
              percentile(samples_ms, 50), percentile(samples_ms, 99), percentile(samples_ms, 0),
              samples_ms.size());
}

void print_calibration() {
  double load[3] = {0, 0, 0};
  ::getloadavg(load, 3);
  std::vector<double> samples;
  for (int i = 0; i < 200; ++i) samples.push_back(spawn_ms({"/bin/true"}));
  std::printf("machine: load %.2f, %ld cores\n", load[0], ::sysconf(_SC_NPROCESSORS_ONLN));
  print_times("calibration, spawn of /bin/true", samples);
}

void give_up(const std::string& message) {
  std::fflush(stdout);
  std::fprintf(stderr, "bench: %s\n", message.c_str());
  std::exit(1);
}

}  // namespace cox::bench
