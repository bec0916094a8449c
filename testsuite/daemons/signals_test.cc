// Signals to what runs of a job, and the list of its processes, through real daemons.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// A task and a child of it, each of which writes a line per signal that it gets; USR2 ends both.
constexpr const char* listening = R"(
trap "echo $1 USR1 $COX_RANK >> got" USR1
trap "exit 0" USR2
if [ "$1" = task ]; then sh "$0" child & fi
echo "$1 $COX_RANK" >> up
while :; do sleep 0.1; done
)";

/// The same of a batch script.
constexpr const char* script = R"(
trap "echo script >> got" USR1
sh listen child &
(trap "" USR1 USR2; exec cox run --overlap -n 2 sh listen task) &
while :; do sleep 0.1; done
)";

class Signals : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_.write("listen", listening);
    job_ = client_.submit(cluster_.job(script).nodes(2));
    // Two tasks with a child each, and the script's own child.
    ASSERT_TRUE(eventually([&] { return lines("up").size() == 5; })) << cluster_.file("up");
  }

  std::vector<std::string> lines(const std::string& file) const {
    std::vector<std::string> found;
    std::string text = cluster_.file(file), line;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      found.push_back(text.substr(0, end));
      text.erase(0, end + 1);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  Ran cancel(const std::string& what) {
    return cluster_.shell("cox cancel " + what + " " + std::to_string(job_));
  }

  /// The script loops until it is cancelled.
  void end() {
    EXPECT_EQ(cancel("--signal USR2").status, 0);
    EXPECT_EQ(cancel("").status, 0);
    EXPECT_TRUE(client_.end_of(job_).is_final());
    cluster_.expect_nothing_left();
  }

  Cluster cluster_{{.nodes = 2, .topology = "core:4 pu:1"}};
  Client client_ = cluster_.client();
  std::uint64_t job_ = 0;
};

using Lines = std::vector<std::string>;

TEST_F(Signals, reach_each_process_of_the_steps_once_and_not_the_script) {
  const Lines both{"child USR1 0", "child USR1 1", "task USR1 0", "task USR1 1"};
  ASSERT_EQ(cancel("--signal SIGusr1").output, "");
  EXPECT_TRUE(eventually([&] { return lines("got").size() >= both.size(); }));
  EXPECT_EQ(lines("got"), both);
  EXPECT_TRUE(client_.reaches(job_, "RUNNING"));
  EXPECT_EQ(cluster_.shell("cox cancel -s 10 " + std::to_string(job_) + ".0").status, 0);
  EXPECT_TRUE(eventually([&] { return lines("got").size() >= 2 * both.size(); }));
  Lines twice = both;
  twice.insert(twice.end(), both.begin(), both.end());
  std::sort(twice.begin(), twice.end());
  EXPECT_EQ(lines("got"), twice);
  end();
}

TEST_F(Signals, reach_the_shell_alone_or_everything) {
  ASSERT_EQ(cancel("--signal USR1 --batch").status, 0);
  EXPECT_TRUE(eventually([&] { return lines("got") == Lines{"script"}; })) << cluster_.file("got");
  ASSERT_EQ(cancel("--signal USR1 --full").status, 0);
  // The script is told that it is rank 0.
  const Lines all{"child USR1 0", "child USR1 0", "child USR1 1", "script",
                  "script",       "task USR1 0",  "task USR1 1"};
  EXPECT_TRUE(eventually([&] { return lines("got").size() >= all.size(); }));
  EXPECT_EQ(lines("got"), all);
  end();
}

TEST_F(Signals, that_cannot_be_sent_are_refused_with_the_mend) {
  EXPECT_EQ(cancel("--signal USR3").output, "cox: --signal: USR3 is no signal: is USR1 meant?\n");
  EXPECT_EQ(cancel("--signal TERN").output, "cox: --signal: TERN is no signal: is TERM meant?\n");
  EXPECT_EQ(cancel("--signal 65").status, 2);
  EXPECT_EQ(cancel("--batch").status, 2);
  EXPECT_EQ(cancel("--signal USR1 --step 0 --full").status, 2);
  EXPECT_EQ(cancel("--signal USR1 --step 7").output, "cox: job 1: no step 1.7\n");
  if (::geteuid() == 0) {
    const auto other = cluster_.shell("cox cancel --signal USR1 1", nobody);
    EXPECT_EQ(other.status, 4) << other.output;
  }
  EXPECT_EQ(cluster_.file("got"), "");
  end();
}

TEST_F(Signals, reach_a_step_although_the_daemons_were_killed_before) {
  cluster_.kill_controller();
  cluster_.kill_nodes();
  cluster_.start_nodes();
  cluster_.start_controller();
  ASSERT_TRUE(eventually([&] { return cluster_.hears_all_nodes(); }));
  ASSERT_EQ(cancel("--signal USR1 --step 0").output, "");
  EXPECT_TRUE(eventually([&] { return lines("got").size() >= 4; }));
  EXPECT_EQ(lines("got").size(), 4U);
  end();
}

TEST_F(Signals, and_ps_see_the_same_processes_on_all_nodes) {
  const auto ran = cluster_.shell("cox ps --no-header -o node,step,task,command 1.0");
  EXPECT_EQ(ran.status, 0) << ran.output;
  for (const char* line : {"n1  0  0  sh listen task", "n1  0  0  sh listen child",
                           "n2  0  1  sh listen task", "n2  0  1  sh listen child"}) {
    EXPECT_NE(ran.output.find(line), std::string::npos) << line << "\n" << ran.output;
  }
  const auto all = cluster_.shell("cox ps --json 1");
  EXPECT_NE(all.output.find("\"step\": \"batch\""), std::string::npos) << all.output;
  EXPECT_NE(all.output.find("\"silent\": []"), std::string::npos) << all.output;
  EXPECT_EQ(cluster_.shell("cox ps 1.7").output, "cox: no step 1.7\n");
  if (::geteuid() == 0) {
    const auto other = cluster_.shell("cox ps 1", nobody);
    EXPECT_EQ(other.status, 4) << other.output;
    EXPECT_EQ(other.output.find("listen"), std::string::npos) << other.output;
  }
  cluster_.kill_node(1);
  EXPECT_TRUE(eventually([&] {
    const auto half = cluster_.shell("cox ps 1");
    return half.status == 1 && half.output.find("node n2 is not connected") != std::string::npos &&
           half.output.find("n1 ") != std::string::npos;
  }));
  cluster_.start_node(1);
  ASSERT_TRUE(eventually([&] { return cluster_.hears_all_nodes(); }));
  end();
}

TEST(SignalKill, leaves_no_more_time_to_what_is_ending) {
  ClusterOptions patient;
  patient.nodes = 1;
  patient.kill_wait = "10m";
  Cluster cluster(patient);
  Client client = cluster.client();
  const auto id = client.submit(
      cluster.job("trap 'echo no >> said' TERM\necho on\nwhile :; do sleep 0.05; done"));
  cluster.shows("1.out", "on");
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, id));
  cluster.shows("said", "no");
  EXPECT_EQ(cluster.shell("cox cancel -s KILL " + std::to_string(id)).status, 0);
  EXPECT_EQ(client.end_of(id).state(), "CANCELLED");
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
