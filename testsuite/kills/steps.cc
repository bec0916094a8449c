// The seed chooses whom, in which phase and how long after its begin; what the processes are doing
// at that moment is real and differs from run to run.
#include "testsuite/kills/steps.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <thread>

#include "platform/file.h"
#include "testsuite/daemons/cluster.h"
#include "testsuite/faults/rng.h"
#include "testsuite/kills/evidence.h"
#include "testsuite/kills/timeline.h"

namespace cox::kills {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint32_t trial_nodes = 5;  // one more than a step has, so that it can start anew
constexpr std::uint32_t step_nodes = 4;   // with fan_out 2 the last is below the second
constexpr std::uint32_t ring_rounds = 40;
constexpr std::uint32_t lines_each = 3000;
constexpr std::int64_t moment_us_max = 1'500'000;
constexpr std::chrono::seconds clean_patience{120};
constexpr std::chrono::seconds longest_breath{3};  // less than the leases of tasks
constexpr std::uint64_t strike_kinds = 3;          // a rank, a supervisor, a node

const std::string& ring_program() {
  static const std::string path = std::string(COX_MPI_PROGRAMS_DIR) + "/phases.openmpi";
  return path;
}

/// How long after the begin of the phase the strike comes at most: about what the phase takes.
milliseconds longest_delay(StepMoment moment) {
  switch (moment) {
    case StepMoment::before_prepare:
      return milliseconds(0);
    case StepMoment::wire_up:
      return milliseconds(20);
    case StepMoment::init:
      return milliseconds(250);
    case StepMoment::running:
      return milliseconds(300);
    case StepMoment::output:
      return milliseconds(30);
    case StepMoment::ending:
      break;
  }
  return milliseconds(40);
}

daemons::ClusterOptions step_cluster(const daemons::CutNetwork& network) {
  daemons::ClusterOptions made;
  made.nodes = trial_nodes;
  made.topology = "core:4 pu:1";
  made.emulated = false;
  made.network = &network;
  made.scheduling =
      "fan_out = 2\nback_off = \"1s\"\nsilent_after = \"1s\"\nfence = \"self\"\n"
      "lost_after = \"8s\"\n";
  return made;
}

class StepTrials {
 public:
  StepTrials(const StepOptions& options, const daemons::CutNetwork& network)
      : options_(options), network_(network), cluster_(step_cluster(network)) {}

  StepReport run() {
    const auto begin = Timeline::Clock::now();
    for (std::uint64_t i = 0; i < options_.trials && may_go_on(); ++i) try_one(i);
    if (!report_.complaints.empty() || !may_go_on()) keep();
    cluster_.expect_nothing_left();
    report_.seconds = std::chrono::duration<double>(Timeline::Clock::now() - begin).count();
    return std::move(report_);
  }

 private:
  static constexpr std::size_t complaints_max = 10;

  bool may_go_on() const {
    return report_.complaints.size() < complaints_max &&
           !::testing::UnitTest::GetInstance()->Failed();
  }

  /// Every strike meets every phase equally often; the order is that of the seed.
  StepTrial choose(std::uint64_t index) {
    if (index % (strike_kinds * step_moments) == 0) {
      order_.clear();
      for (std::uint64_t i = 0; i < strike_kinds * step_moments; ++i) order_.push_back(i);
      for (std::size_t i = order_.size(); i > 1; --i)
        std::swap(order_[i - 1], order_[rng_.below(i)]);
    }
    const std::uint64_t both = order_[index % order_.size()];
    StepTrial trial;
    trial.moment = static_cast<StepMoment>(both % step_moments);
    switch (both / step_moments) {
      case 0:
        trial.strike = StepStrike::rank;
        break;
      case 1:
        trial.strike = StepStrike::supervisor;
        break;
      default:
        trial.strike = rng_.chance(1, 3) ? StepStrike::long_cut : StepStrike::short_cut;
    }
    trial.is_batch = rng_.chance(1, 3);
    trial.ranks = static_cast<std::uint32_t>(rng_.between(step_nodes, 2 * step_nodes));
    trial.lines = lines_each;
    return trial;
  }

  void try_one(std::uint64_t index) {
    StepTrial trial = choose(index);
    stood_still_ = false;
    breathed_ = Timeline::Clock::now();
    name_ = "t" + std::to_string(index);
    make_directory(gate_of(trial.moment));
    const bool is_cut = trial.strike >= StepStrike::short_cut;
    if (trial.moment == StepMoment::before_prepare && is_cut) strike(&trial);
    start(trial);
    if (!trial.has_struck && reaches(trial)) {
      const auto longest = std::chrono::duration_cast<microseconds>(longest_delay(trial.moment));
      std::this_thread::sleep_for(microseconds(rng_.between(0, longest.count())));
      strike(&trial);
    }
    if (trial.strike == StepStrike::short_cut) mend_later();
    StepEnd end = await_end();
    if (trial.strike == StepStrike::long_cut && trial.has_struck) mend();
    look_up(trial, &end);
    breathe();
    trial.stood_still = stood_still_;
    report(trial, end);
    expect_clean();
    std::filesystem::remove_all(directory());
  }

  std::string directory() const { return cluster_.work() + "/" + name_; }

  void make_directory(const std::optional<std::string>& gate) const {
    std::filesystem::create_directory(directory());
    std::filesystem::permissions(directory(), std::filesystem::perms::all);
    if (gate) cluster_.write(name_ + "/hold-" + *gate, "");
  }

  /// As an ordinary user, from where the nodes are reached.
  void start(const StepTrial& trial) {
    const std::string ranks = " -n " + std::to_string(trial.ranks);
    const std::string gang = " --job-name=" + name_ + " -N " + std::to_string(step_nodes);
    const std::string task = " " + ring_program() + " " + directory() + " " +
                             std::to_string(ring_rounds) + " " + std::to_string(lines_each);
    std::string command = "exec cox run" + gang + ranks + task + to_files("1");
    if (trial.is_batch) {
      cluster_.write(name_ + "/job",
                     "#!/bin/sh\nexec cox run" + ranks + task + to_files("$COX_ATTEMPT") + "\n");
      command = "job=$(cox submit --output=/dev/null" + gang + ranks + " " + name_ +
                "/job) && exec cox wait --quiet $job";
    }
    platform::SpawnRequest request = cluster_.shell_request(command, daemons::nobody);
    request.argv.front() = request.program;
    request.argv.insert(request.argv.begin(), {"nsenter", "--net=" + network_.controller_file()});
    request.program = "/usr/bin/nsenter";
    run_ = daemons::Child(request);
  }

  /// Of each attempt by itself.
  std::string to_files(const std::string& attempt) const {
    return " >" + name_ + "/out" + attempt + " 2>" + name_ + "/err" + attempt;
  }

  std::vector<int> ranks_running() const {
    return daemons::processes_called(ring_program(), directory());
  }

  /// The phase has begun; its gate is open. False when the step is over before.
  bool reaches(const StepTrial& trial) {
    const auto gate = gate_of(trial.moment);
    const auto is_there = [&] {
      if (gate) return gates_reached(*gate) == trial.ranks;
      if (trial.strike == StepStrike::rank) return !ranks_running().empty();
      const std::size_t all = step_nodes + (trial.is_batch ? 1 : 0);
      const std::size_t least = trial.moment == StepMoment::before_prepare ? 1 : all;
      return cluster_.supervisors().size() >= least;
    };
    const bool is_reached = await(is_there);
    if (gate) std::filesystem::remove(directory() + "/hold-" + *gate);
    return is_reached;
  }

  /// Whoever stops this machine, or all that runs here, stops us with it.
  void breathe() {
    const auto now = Timeline::Clock::now();
    stood_still_ |= now - breathed_ > longest_breath;
    breathed_ = now;
  }

  /// By looking as often as it can: what it waits for is there for a few milliseconds only.
  bool await(const std::function<bool()>& holds) {
    const auto deadline = Timeline::Clock::now() + clean_patience;
    while (!holds()) {
      breathe();
      if (has_ended() || Timeline::Clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  bool has_ended() const { return daemons::process_state(run_.pid()) == 'Z'; }

  std::uint32_t gates_reached(const std::string& gate) const {
    const auto names = platform::list_directory(directory());
    if (!names) return 0;
    return static_cast<std::uint32_t>(std::ranges::count_if(
        *names, [&](const std::string& name) { return name.starts_with("at-" + gate + "-"); }));
  }

  void strike(StepTrial* trial) {
    if (trial->strike >= StepStrike::short_cut) {
      cut_ = static_cast<std::uint32_t>(rng_.below(step_nodes));
      network_.cut(*cut_);
      cut_from_ = Timeline::Clock::now();
      trial->has_struck = true;
      return;
    }
    const auto victims =
        trial->strike == StepStrike::rank ? ranks_running() : cluster_.supervisors();
    if (victims.empty()) return;
    trial->has_struck = ::kill(victims[rng_.below(victims.size())], SIGKILL) == 0;
  }

  /// Without waiting for more of the step: nothing of it may depend on that.
  void mend_later() {
    if (!cut_) return;
    std::this_thread::sleep_until(cut_from_ + microseconds(rng_.between(0, moment_us_max)));
    mend();
  }

  void mend() {
    if (cut_) network_.mend(*cut_);
    cut_.reset();
  }

  StepEnd await_end() {
    StepEnd end;
    const bool has_come = daemons::eventually(
        [&] {
          breathe();
          return has_ended();
        },
        clean_patience);
    if (has_come) end.status = run_.wait();
    if (end.status < 0) {
      keep();
      run_.end(SIGKILL);
    }
    return end;
  }

  /// Of its last attempt, once that has ended.
  void look_up(const StepTrial& trial, StepEnd* end) {
    daemons::Client client = cluster_.client();
    EXPECT_TRUE(daemons::eventually(
        [&] {
          breathe();
          return jobs_in_queue(cluster_).empty();
        },
        clean_patience))
        << cluster_.shell("cox queue").output;
    for (const wire::JobView& job : client.jobs(true)) {
      if (job.name() != name_) continue;
      end->state = job.state();
      end->attempts = job.attempt();
    }
    const std::string files = trial.is_batch ? std::to_string(end->attempts) : "1";
    end->output = cluster_.file(name_ + "/out" + files);
    end->errors = cluster_.file(name_ + "/err" + files);
  }

  void report(const StepTrial& trial, const StepEnd& end) {
    ++report_.trials;
    std::string what = trial.is_batch ? "batch, " : "";
    what += std::string(text_of(trial.strike)) + ", " + text_of(trial.moment) + ": ";
    if (!trial.has_struck) what += "nobody was there any more, ";
    if (trial.stood_still) what += "the machine stood still, ";
    const std::string how = end.attempts > 1 ? end.state + " at a later attempt" : end.state;
    ++report_.ends[what + how];
    for (const std::string& wrong : judge(trial, end)) {
      report_.complaints.push_back("trial " + name_ + ", " + what + wrong);
    }
    std::printf("%s: %s%s, status %d\n", name_.c_str(), what.c_str(), how.c_str(), end.status);
    std::fflush(stdout);
  }

  /// No task, no supervisor, no attempt, nothing in use, and every node hears the controller again.
  void expect_clean() {
    daemons::Client client = cluster_.client();
    const auto is_clean = [&] {
      return cluster_.is_quiet() && ranks_running().empty() && busy_nodes(client.nodes()).empty() &&
             cluster_.hears_all_nodes();
    };
    if (daemons::eventually(is_clean, clean_patience)) return;
    report_.complaints.push_back("trial " + name_ + ": left are " + cluster_.leftovers() +
                                 std::to_string(ranks_running().size()) + " ranks, " +
                                 busy_nodes(client.nodes()) + cluster_.shell("cox nodes").output);
  }

  void keep() const {
    if (options_.keep.empty()) return;
    daemons::run_program({.program = "/bin/cp",
                          .argv = {"cp", "-r", cluster_.dir(), options_.keep},
                          .environment = {},
                          .directory = "/",
                          .descriptors = {}});
  }

  StepOptions options_;
  const daemons::CutNetwork& network_;
  faults::Rng rng_{options_.seed};
  std::vector<std::uint64_t> order_;
  std::string name_;
  Timeline::Clock::time_point breathed_;
  bool stood_still_ = false;
  std::optional<std::uint32_t> cut_;  // the node whose cable is cut
  Timeline::Clock::time_point cut_from_;
  StepReport report_;
  daemons::Cluster cluster_;
  daemons::Child run_;
};

}  // namespace

StepReport try_steps(const StepOptions& options) {
  StepReport nothing;
  if (!platform::path_exists(ring_program())) {
    nothing.missing = ring_program() + " was not built: no Open MPI";
    return nothing;
  }
  const daemons::CutNetwork network(trial_nodes);
  if (!network.is_up()) {
    nothing.missing = "networks to be cut need root and iproute2";
    return nothing;
  }
  return StepTrials(options, network).run();
}

}  // namespace cox::kills
