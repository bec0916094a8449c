// kill -9 of each daemon in each phase of a job: nothing is lost, nothing runs twice at once, no
// task is left, output is kept. Two gangs of two nodes stand in each case: one that may be requeued
// and one that may not.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

enum class Victim : std::uint8_t { controller, node, supervisor };
enum class Phase : std::uint8_t { pending, starting, running, ending, unacknowledged };

struct Case {
  Victim victim;
  Phase phase;
};

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const std::vector<std::string> victims = {"controller", "node_daemon", "supervisor"};
  const std::vector<std::string> phases = {"pending", "starting", "running", "ending",
                                           "ended_but_not_acknowledged"};
  return victims[static_cast<std::size_t>(info.param.victim)] + "_while_" +
         phases[static_cast<std::size_t>(info.param.phase)];
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const Victim victim : {Victim::controller, Victim::node, Victim::supervisor}) {
    for (const Phase phase :
         {Phase::pending, Phase::starting, Phase::running, Phase::ending, Phase::unacknowledged}) {
      cases.push_back({victim, phase});
    }
  }
  return cases;
}

std::size_t count(const std::string& text, const std::string& word) {
  const auto lines = split(text, '\n');
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), word));
}

class KillMatrix : public testing::TestWithParam<Case> {
 protected:
  KillMatrix() : client_(cluster_.client()) {}

  // Locked for as long as a process of the run lives, so that two runs at once are seen.
  Job gang(const std::string& name) const {
    std::string script = "exec 9>>" + name + ".lock; flock -n 9 || echo overlap >> " + name;
    if (GetParam().phase == Phase::ending) script += "\ntrap '' TERM";
    script += "\necho start >> " + name + "; echo hello\n";
    script += "while [ ! -e go ]; do sleep 0.02; done\n";
    script += "echo end >> " + name + "; echo goodbye";
    return cluster_.job(script).nodes(2).named(name);
  }

  void submit_gangs() {
    once_ = client_.submit(gang("once"));
    again_ = client_.submit(gang("again").requeue(true));
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

  void kill_victim() {
    switch (GetParam().victim) {
      case Victim::controller:
        cluster_.kill_controller();
        if (GetParam().phase == Phase::starting) cluster_.node(1).signal(SIGCONT);
        cluster_.start_controller();
        break;
      case Victim::node:
        cluster_.kill_nodes();
        cluster_.start_nodes();
        break;
      case Victim::supervisor:
        cluster_.kill_supervisors();
        if (GetParam().phase == Phase::starting) see_starts_undone();
        break;
    }
    cluster_.node(1).signal(SIGCONT);
    cluster_.controller().signal(SIGCONT);
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

  // A supervisor that dies before it is prepared costs its node the trust of the controller, until
  // an administrator gives it back; one that was prepared does not.
  void give_trust_back() {
    EXPECT_TRUE(eventually([&] {
      for (const wire::NodeView& node : client_.nodes()) {
        if (!node.reason().empty()) client_.act_on_node(wire::NodeAction::RESUME, node.name());
      }
      return client_.state(once_) == "RUNNING" && client_.state(again_) == "RUNNING";
    }));
  }

  void let_end() {
    if (GetParam().victim == Victim::supervisor && GetParam().phase == Phase::starting) {
      give_trust_back();
    }
    if (GetParam().victim == Victim::supervisor && GetParam().phase == Phase::running) {
      EXPECT_TRUE(eventually([&] { return count(cluster_.file("again"), "start") == 2; }));
    }
    if (GetParam().phase != Phase::ending) cluster_.write("go", "");
  }

  void check_once() {
    const auto job = client_.end_of(once_);
    const std::string ran = cluster_.file("once");
    const bool was_shot =
        GetParam().victim == Victim::supervisor && GetParam().phase == Phase::running;
    EXPECT_EQ(job.state(), was_shot                            ? "NODE_FAIL"
                           : GetParam().phase == Phase::ending ? "CANCELLED"
                                                               : "COMPLETED")
        << job.why();
    EXPECT_EQ(count(ran, "start"), 1U) << ran;
    EXPECT_EQ(count(ran, "overlap"), 0U) << ran;
    EXPECT_EQ(count(ran, "end"), job.state() == "COMPLETED" ? 1U : 0U) << ran;
    check_output(once_, job.state() == "COMPLETED");
  }

  void check_again() {
    const auto job = client_.end_of(again_);
    const std::string ran = cluster_.file("again");
    const bool was_shot =
        GetParam().victim == Victim::supervisor && GetParam().phase == Phase::running;
    const bool completes = GetParam().phase != Phase::ending;
    EXPECT_EQ(job.state(), completes ? "COMPLETED" : "CANCELLED") << job.why();
    EXPECT_EQ(count(ran, "start"), was_shot ? 2U : 1U) << ran;
    EXPECT_EQ(count(ran, "overlap"), 0U) << ran;
    EXPECT_EQ(count(ran, "end"), completes ? 1U : 0U) << ran;
    check_output(again_, completes);
  }

  void check_output(std::uint64_t id, bool whole) {
    const std::string output = cluster_.file(std::to_string(id) + ".out");
    EXPECT_NE(output.find("hello"), std::string::npos);
    EXPECT_EQ(output.find("goodbye") != std::string::npos, whole) << output;
  }

  Cluster cluster_;
  Client client_;
  std::uint64_t blocker_ = 0, once_ = 0, again_ = 0;
};

TEST_P(KillMatrix, loses_nothing_and_runs_nothing_twice) {
  reach_phase();
  kill_victim();
  let_end();
  check_once();
  check_again();
  const bool has_blocker = GetParam().phase == Phase::pending;
  EXPECT_EQ(has_blocker, !client_.end_of(1).state().empty() && blocker_ == 1);
  cluster_.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Kill, KillMatrix, testing::ValuesIn(all_cases()), case_name);

}  // namespace
}  // namespace cox::daemons
