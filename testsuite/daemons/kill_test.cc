// kill -9 of each daemon, and of each two in either order, in each phase of a job: nothing is lost,
// nothing runs twice at once, no task is left, output is kept. Two gangs of two nodes stand in each
// case: one that may be requeued and one that may not; behind them wait short jobs.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

enum class Victim : std::uint8_t { controller, node, supervisor };
enum class Phase : std::uint8_t { pending, starting, running, ending, unacknowledged };

constexpr int short_jobs = 8;

struct Case {
  std::vector<Victim> victims;  // in the order in which they die, and are started again
  Phase phase;

  bool kills(Victim one) const { return std::ranges::find(victims, one) != victims.end(); }

  /// The tasks' supervisors die while the tasks run.
  bool shoots_tasks() const { return kills(Victim::supervisor) && phase == Phase::running; }
};

std::string name_of(const Case& one) {
  const std::vector<std::string> victims = {"controller", "node_daemon", "supervisor"};
  const std::vector<std::string> phases = {"pending", "starting", "running", "ending",
                                           "ended_but_not_acknowledged"};
  std::string name;
  for (const Victim victim : one.victims) {
    name += (name.empty() ? "" : "_then_") + victims[static_cast<std::size_t>(victim)];
  }
  return name + "_while_" + phases[static_cast<std::size_t>(one.phase)];
}

std::string case_name(const ::testing::TestParamInfo<Case>& info) {
  return name_of(info.param);
}

/// ctest shows a test by its parameter's text, which would else be its bytes.
[[maybe_unused]] void PrintTo(const Case& one, std::ostream* out) {
  *out << name_of(one);
}

std::vector<Case> cases(const std::vector<std::vector<Victim>>& all) {
  std::vector<Case> found;
  for (const std::vector<Victim>& victims : all) {
    for (const Phase phase :
         {Phase::pending, Phase::starting, Phase::running, Phase::ending, Phase::unacknowledged}) {
      found.push_back({victims, phase});
    }
  }
  return found;
}

std::vector<Case> single_cases() {
  return cases({{Victim::controller}, {Victim::node}, {Victim::supervisor}});
}

std::vector<Case> pair_cases() {
  return cases({{Victim::controller, Victim::node},
                {Victim::node, Victim::controller},
                {Victim::controller, Victim::supervisor},
                {Victim::supervisor, Victim::controller},
                {Victim::node, Victim::supervisor},
                {Victim::supervisor, Victim::node}});
}

class KillMatrix : public ::testing::TestWithParam<Case> {
 protected:
  // A node whose supervisor died before its job was released rests; here not for long.
  KillMatrix() : cluster_({.scheduling = "back_off = \"1s\"\n"}), client_(cluster_.client()) {}

  // Locked for as long as a process of the run lives, so that two runs at once are seen.
  Job gang(const std::string& name) const {
    std::string script = "exec 9>>" + name + ".lock; flock -n 9 || echo overlap >> " + name;
    if (GetParam().phase == Phase::ending) script += "\ntrap '' TERM";
    script += "\necho hello; echo start >> " + name + "\n";
    script += "while [ ! -e go ]; do sleep 0.02; done\n";
    script += "echo end >> " + name + "; echo goodbye";
    return cluster_.job(script).nodes(2).named(name);
  }

  void submit_gangs() {
    once_ = client_.submit(gang("once"));
    again_ = client_.submit(gang("again").requeue(true));
    // One may be on its way to a node that dies, where nobody can say whether it ran.
    for (int i = 0; i < short_jobs; ++i) {
      short_.push_back(client_.submit(cluster_.job("true").requeue(true)));
    }
  }

  void reach_phase() {
    if (GetParam().phase == Phase::pending) {
      blocker_ = client_.submit(
          cluster_.job("echo on; while [ ! -e go ]; do sleep 0.02; done").nodes(2).exclusive());
      cluster_.shows("1.out", "on");
    }
    // A gang prepares for as long as one of its nodes says nothing.
    if (GetParam().phase == Phase::starting) cluster_.node(1).signal(SIGSTOP);
    submit_gangs();
    if (GetParam().phase == Phase::pending) return;
    if (GetParam().phase == Phase::starting) return reach_starting();
    for (const char* name : {"once", "again"}) cluster_.shows(name, "start");
    for (const auto id : {once_, again_}) client_.reaches(id, "RUNNING");
    if (GetParam().phase == Phase::ending) reach_ending();
    if (GetParam().phase == Phase::unacknowledged) reach_unacknowledged();
  }

  void reach_starting() {
    for (const auto id : {once_, again_}) client_.reaches(id, "CONFIGURING");
    EXPECT_TRUE(eventually([&] { return cluster_.supervisors().size() == 2; }));
  }

  void reach_ending() {
    for (const auto id : {once_, again_}) {
      EXPECT_TRUE(client_.act(wire::JobAction::CANCEL, id));
      client_.reaches(id, "COMPLETING");
    }
  }

  // The tasks ended and the node closed the attempts, but the controller does not hear of it.
  void reach_unacknowledged() {
    cluster_.controller().signal(SIGSTOP);
    cluster_.write("go", "");
    for (const auto id : {once_, again_}) {
      cluster_.shows("../noded-n1.log", "attempt " + std::to_string(id) + ".1 closed");
    }
  }

  void kill_victims() {
    for (const Victim victim : GetParam().victims) kill(victim);
    if (GetParam().kills(Victim::controller) && GetParam().phase == Phase::starting) {
      cluster_.node(1).signal(SIGCONT);
    }
    for (const Victim victim : GetParam().victims) start(victim);
    const bool is_seen_now = GetParam().kills(Victim::supervisor) &&
                             GetParam().victims.size() == 1 && GetParam().phase == Phase::starting;
    if (is_seen_now) see_starts_undone();
    cluster_.node(1).signal(SIGCONT);
    cluster_.controller().signal(SIGCONT);
  }

  void kill(Victim victim) {
    if (victim == Victim::controller) return cluster_.kill_controller();
    if (victim == Victim::supervisor) return kill_supervisors();
    cluster_.kill_nodes();
    is_node_killed_ = true;
  }

  void start(Victim victim) {
    if (victim == Victim::controller) cluster_.start_controller();
    if (victim == Victim::node) cluster_.start_nodes();
  }

  // Until the first node knows: else the attempt might be released before, and would count as run.
  void kill_supervisors() {
    cluster_.kill_supervisors();
    if (is_node_killed_ || GetParam().phase != Phase::starting) return;
    for (const auto id : {once_, again_}) {
      cluster_.shows("../noded-n1.log",
                     "supervisor of step " + std::to_string(id) + ".1.batch is lost");
    }
  }

  // Before the other node answers: from then on the attempt would count as run.
  void see_starts_undone() {
    for (const auto id : {once_, again_}) {
      EXPECT_TRUE(eventually([&] {
        const auto job = client_.view(id);
        return job.attempt() > 1 || job.state() == "PENDING";
      }));
    }
  }

  void let_end() {
    if (GetParam().shoots_tasks()) {
      EXPECT_TRUE(eventually([&] { return count_lines(cluster_.file("again"), "start") == 2; }));
    }
    if (GetParam().phase != Phase::ending) cluster_.write("go", "");
  }

  void check_once() {
    const auto job = client_.end_of(once_);
    const std::string ran = cluster_.file("once");
    const bool was_shot = GetParam().shoots_tasks();
    EXPECT_EQ(job.state(), was_shot                            ? "NODE_FAIL"
                           : GetParam().phase == Phase::ending ? "CANCELLED"
                                                               : "COMPLETED")
        << job.why();
    EXPECT_EQ(count_lines(ran, "start"), 1U) << ran;
    EXPECT_EQ(count_lines(ran, "overlap"), 0U) << ran;
    EXPECT_EQ(count_lines(ran, "end"), job.state() == "COMPLETED" ? 1U : 0U) << ran;
    check_output(once_, job.state() == "COMPLETED");
  }

  void check_again() {
    const auto job = client_.end_of(again_);
    const std::string ran = cluster_.file("again");
    const bool was_shot = GetParam().shoots_tasks();
    const bool completes = GetParam().phase != Phase::ending;
    EXPECT_EQ(job.state(), completes ? "COMPLETED" : "CANCELLED") << job.why();
    EXPECT_EQ(count_lines(ran, "start"), was_shot ? 2U : 1U) << ran;
    EXPECT_EQ(count_lines(ran, "overlap"), 0U) << ran;
    EXPECT_EQ(count_lines(ran, "end"), completes ? 1U : 0U) << ran;
    check_output(again_, completes);
  }

  void check_output(std::uint64_t id, bool whole) {
    const std::string output = cluster_.file(std::to_string(id) + ".out");
    // Each attempt that began has a line of its own: nothing that was written is lost.
    const std::string ran = cluster_.file(id == once_ ? "once" : "again");
    EXPECT_GE(count_lines(output, "hello"), count_lines(ran, "start")) << output;
    EXPECT_EQ(output.find("goodbye") != std::string::npos, whole) << output;
  }

  Cluster cluster_;
  Client client_;
  std::uint64_t blocker_ = 0, once_ = 0, again_ = 0;
  std::vector<std::uint64_t> short_;
  bool is_node_killed_ = false;
};

TEST_P(KillMatrix, loses_nothing_and_runs_nothing_twice) {
  reach_phase();
  kill_victims();
  let_end();
  check_once();
  check_again();
  for (const std::uint64_t id : short_) EXPECT_EQ(client_.end_of(id).state(), "COMPLETED");
  const bool has_blocker = GetParam().phase == Phase::pending;
  EXPECT_EQ(has_blocker, !client_.end_of(1).state().empty() && blocker_ == 1);
  cluster_.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Kill, KillMatrix, ::testing::ValuesIn(single_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(KillTwo, KillMatrix, ::testing::ValuesIn(pair_cases()), case_name);

}  // namespace
}  // namespace cox::daemons
