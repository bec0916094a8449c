// What many clients that ask all the time cost everybody else: the rates of submits and of starts
// with and without them, in one run and in turns. The clients are Slurm's commands as tools loop
// over them, at a low priority, since they stand for programs on other hosts. usage: bench-polling
// DIR SLURM_DIR [JOBS [CLIENTS [ROUNDS]]]
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/cluster_client.h"
#include "bench/measure.h"
#include "bench/submit_load.h"

namespace {

using namespace cox::bench;

constexpr std::uint64_t jobs_per_batch = 1000;
constexpr std::uint64_t submits_per_round = 4000, starts_per_round = 400;
constexpr int low_priority = 19;

struct Answered {
  int status = -1;
  double ms = 0;
  std::string complaint;  // what it wrote to standard error
};

/// Runs a command to its end; its output goes nowhere.
Answered ask(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) give_up("no pipe");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  Answered answered;
  const double begin = monotonic_ms();
  int pid = 0;
  if (::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ) != 0) {
    give_up("cannot run " + argv[0]);
  }
  ::close(ends[1]);
  std::array<char, 512> buffer{};
  for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    answered.complaint.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  answered.ms = monotonic_ms() - begin;
  answered.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ::posix_spawn_file_actions_destroy(&actions);
  return answered;
}

/// Clients that loop over their questions until they are told to stop.
class Pollers {
 public:
  Pollers(std::string tools, std::uint64_t first, std::uint64_t jobs, int clients)
      : tools_(std::move(tools)), first_(first), jobs_(jobs), clients_(clients) {}

  void start() {
    stop_ = false;
    answered_ = 0;
    for (int i = 0; i < clients_; ++i) {
      threads_.emplace_back([this, i] { loop(static_cast<std::uint64_t>(i)); });
    }
  }

  /// Until each of them has had an answer.
  void wait_for_all() const {
    while (answered_ < clients_) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }

  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  void print() const {
    constexpr std::array names = {"squeue -u", "sacct -j", "scontrol show job"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::scoped_lock lock(mutex_);
      std::printf("%s: %zu answered, median %.0f ms, longest %.0f ms; %zu put off for good\n",
                  names[i], times_[i].size(), percentile(times_[i], 50), percentile(times_[i], 100),
                  put_off_[i]);
    }
  }

 private:
  void loop(std::uint64_t client) {
    // Of this thread alone, and of what it starts.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), low_priority);
    for (std::uint64_t turn = 0; !stop_; ++turn) {
      const std::string id = std::to_string(first_ + (client * 499 + turn * 7) % jobs_);
      note(0, {tools_ + "/squeue", "-h", "-u", own_name(), "-o", "%i %t"});
      if (turn == 0) ++answered_;
      if (!stop_) note(1, {tools_ + "/sacct", "-n", "-P", "-X", "-o", "JobID,State", "-j", id});
      if (!stop_) note(2, {tools_ + "/scontrol", "-o", "show", "job", id});
    }
  }

  static std::string own_name() {
    const char* name = std::getenv("USER");
    return name == nullptr ? std::to_string(::getuid()) : name;
  }

  void note(std::size_t kind, const std::vector<std::string>& argv) {
    const Answered answered = ask(argv);
    const bool is_put_off = answered.complaint.find("Socket timed out") != std::string::npos;
    if (answered.status != 0 && !is_put_off) give_up(argv[0] + ": " + answered.complaint);
    const std::scoped_lock lock(mutex_);
    if (is_put_off) {
      ++put_off_[kind];
    } else {
      times_[kind].push_back(answered.ms);
    }
  }

  std::string tools_;
  std::uint64_t first_, jobs_;
  int clients_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> answered_ = 0;  // clients, since the start
  std::vector<std::thread> threads_;
  mutable std::mutex mutex_;
  std::array<std::vector<double>, 3> times_;
  std::array<std::size_t, 3> put_off_{};
};

/// Held jobs over four connections, a second.
double submit_rate(const std::string& dir) {
  const LoadResult result = SubmitLoad(dir, 4).run(submits_per_round, 1, true);
  return static_cast<double>(result.acknowledged) / result.seconds;
}

/// From the first submit to the last end of jobs that do nothing, a second.
double start_rate(const std::string& dir) {
  ClusterClient client(dir);
  const double begin = monotonic_ms();
  std::vector<std::uint64_t> jobs;
  for (std::uint64_t i = 0; i < starts_per_round; ++i) jobs.push_back(client.submit({"/bin/true"}));
  for (const std::uint64_t job : jobs) client.wait_for(job);
  return static_cast<double>(jobs.size()) / (monotonic_ms() - begin) * 1e3;
}

void print_ratio(const char* what,
                 const std::vector<double>& alone,
                 const std::vector<double>& with) {
  const double before = percentile(alone, 50), after = percentile(with, 50);
  std::printf("%s: %.0f/s alone, %.0f/s beside them: %.2f (medians of %zu rounds each)\n", what,
              before, after, after / before, alone.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) give_up("usage: bench-polling DIR SLURM_DIR [JOBS [CLIENTS [ROUNDS]]]");
  const std::string dir = argv[1];
  const std::uint64_t jobs = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 100'000;
  const int clients = argc > 4 ? std::atoi(argv[4]) : 200;
  const int rounds = argc > 5 ? std::atoi(argv[5]) : 3;
  ::setenv("COX_CLUSTER", dir.c_str(), 1);
  SubmitLoad(dir, 2).run_batches(jobs, jobs_per_batch, true);
  const std::uint64_t last = ClusterClient(dir).submit({"/bin/true"});
  print_calibration();
  Pollers pollers(argv[2], last - jobs, jobs, clients);
  std::vector<double> submits_alone, submits_beside, starts_alone, starts_beside;
  for (int i = 0; i < rounds; ++i) {
    submits_alone.push_back(submit_rate(dir));
    starts_alone.push_back(start_rate(dir));
    pollers.start();
    pollers.wait_for_all();
    submits_beside.push_back(submit_rate(dir));
    starts_beside.push_back(start_rate(dir));
    pollers.stop();
  }
  std::printf("%d clients against %llu jobs\n", clients, static_cast<unsigned long long>(jobs));
  print_ratio("submits over 4 connections", submits_alone, submits_beside);
  print_ratio("starts", starts_alone, starts_beside);
  pollers.print();
  ClusterClient(dir).cancel_all();
  return 0;
}
