// Clusters of pretended nodes: many nodes, one process, and jobs that only seem to run.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "platform/file.h"
#include "platform/scratch_dir.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

class PretendedCluster {
 public:
  explicit PretendedCluster(std::uint32_t nodes, const std::string& topology = "core:4 pu:1") {
    const Ran ran = cox({"up", "--pretend", "--nodes", std::to_string(nodes), "--topology",
                         topology, "--dir", dir()});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_TRUE(
        ran.output.starts_with("cluster is ready: " + std::to_string(nodes) +
                               (nodes == 1 ? " pretended node in " : " pretended nodes in ")))
        << ran.output;
  }

  ~PretendedCluster() {
    if (!is_down_) cox({"down", "--force", "--dir", dir()});
  }

  PretendedCluster(const PretendedCluster&) = delete;
  PretendedCluster& operator=(const PretendedCluster&) = delete;

  std::string dir() const { return scratch_ / "c"; }

  Client client() const { return Client(platform::Address{dir() + "/ctld.sock", "", 0}, ""); }

  Job job(const Labels& labels = {}) const {
    Job one("exit 9", "/");  // which nobody runs
    for (const auto& [key, value] : labels) {
      (*one.message().mutable_request()->mutable_labels())["pretend." + key] = value;
    }
    return one;
  }

  Ran cox(std::vector<std::string> words) const {
    platform::SpawnRequest request;
    request.program = program("cox");
    request.argv = std::move(words);
    request.argv.insert(request.argv.begin(), "cox");
    request.environment = {"PATH=/usr/bin:/bin", "COX_CLUSTER=" + dir()};
    return run_program(request);
  }

  int daemon() const { return platform::lock_holder(dir() + "/noded-pretended.pid").value_or(0); }

  void expect_nothing_left() {
    const Ran ran = cox({"down", "--dir", dir()});
    EXPECT_EQ(ran.status, 0) << ran.output;
    is_down_ = ran.status == 0;
    EXPECT_FALSE(platform::path_exists(dir()));
    EXPECT_TRUE(processes_naming(dir()).empty());
  }

 private:
  platform::ScratchDir scratch_;
  bool is_down_ = false;
};

TEST(PretendedNodes, AreNodesLikeOthersAndRunWhatComes) {
  PretendedCluster cluster(200);
  Client client = cluster.client();
  EXPECT_EQ(processes_called("coxnoded", cluster.dir()).size(), 1U);
  const auto nodes = client.nodes();
  ASSERT_EQ(nodes.size(), 200U);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    EXPECT_EQ(nodes[i].name(), "n" + std::to_string(i + 1));
    EXPECT_EQ(nodes[i].state(), "idle") << nodes[i].name();
    EXPECT_EQ(nodes[i].cores(), 4U);
  }
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 400; ++i)
    ids.push_back(client.submit(cluster.job({{"lasts", "200ms"}}).exclusive()));
  const auto wide = client.submit(cluster.job({{"lasts", "100ms"}}).nodes(200).exclusive());
  for (const std::uint64_t id : ids) EXPECT_EQ(client.end_of(id).state(), "COMPLETED") << id;
  const auto all = client.end_of(wide);
  EXPECT_EQ(all.state(), "COMPLETED");
  EXPECT_EQ(all.node_list(), "n[1-200]");
  EXPECT_GE(all.ended_us() - all.started_us(), 100'000);
  EXPECT_TRUE(client.jobs(false).empty());
  cluster.expect_nothing_left();
}

TEST(PretendedNodes, EndJobsAsTheirLabelsSay) {
  PretendedCluster cluster(2);
  Client client = cluster.client();
  const auto ended = [&](const Labels& labels) {
    return client.end_of(client.submit(cluster.job(labels).requeue(false)));
  };
  EXPECT_EQ(ended({}).state(), "COMPLETED");
  const auto exits = ended({{"exits", "3"}, {"lasts", "10ms"}});
  EXPECT_EQ(exits.state(), "FAILED");
  EXPECT_EQ(exits.exit_code(), 3);
  const auto limited = client.end_of(client.submit(cluster.job({{"lasts", "1h"}}).seconds(1)));
  EXPECT_EQ(limited.state(), "TIMEOUT");
  EXPECT_GE(limited.ended_us() - limited.started_us(), 1'000'000);
  EXPECT_EQ(ended({{"fails", "start"}}).state(), "FAILED");
  EXPECT_EQ(ended({{"fails", "run"}}).state(), "NODE_FAIL");
  const auto unread = ended({{"lasts", "long"}});
  EXPECT_EQ(unread.state(), "FAILED");
  EXPECT_NE(unread.why().find("label pretend.lasts=long: "), std::string::npos) << unread.why();
  const auto unprepared = ended({{"fails", "prepare"}});
  EXPECT_EQ(unprepared.state(), "FAILED");
  EXPECT_NE(unprepared.why().find("it was to fail to prepare"), std::string::npos);
  cluster.expect_nothing_left();
}

TEST(PretendedNodes, EndJobsThatAreCancelled) {
  PretendedCluster cluster(2);
  Client client = cluster.client();
  const auto gang = client.submit(cluster.job({{"lasts", "1d"}}).nodes(2));
  const auto stays = client.submit(cluster.job({{"lasts", "1d"}, {"fails", "end"}}));
  EXPECT_TRUE(client.reaches(gang, "RUNNING"));
  EXPECT_TRUE(client.reaches(stays, "RUNNING"));
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, gang));
  const auto ended = client.end_of(gang);
  EXPECT_EQ(ended.state(), "CANCELLED");
  EXPECT_EQ(ended.signal(), SIGTERM);
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, stays));
  EXPECT_EQ(cluster.cox({"cancel", "--signal", "KILL", std::to_string(stays)}).status, 0);
  const auto killed = client.end_of(stays);
  EXPECT_EQ(killed.signal(), SIGKILL);
  cluster.expect_nothing_left();
}

TEST(PretendedNodes, SayWhatTheyDoNotDo) {
  PretendedCluster cluster(1);
  Client client = cluster.client();
  const Ran task = cluster.cox({"run", "true"});
  EXPECT_NE(task.status, 0);
  EXPECT_NE(task.output.find("node n1: it is a pretended node, which runs no task"),
            std::string::npos)
      << task.output;
  const auto id = client.submit(cluster.job({{"lasts", "1d"}}));
  EXPECT_TRUE(client.reaches(id, "RUNNING"));
  const Ran processes = cluster.cox({"ps", std::to_string(id)});
  EXPECT_NE(processes.output.find("node n1 is a pretended one, where nothing runs"),
            std::string::npos)
      << processes.output;
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, id));
  client.end_of(id);
  EXPECT_EQ(cluster.cox({"doctor"}).status, 0) << cluster.cox({"doctor"}).output;
  cluster.expect_nothing_left();
}

/// The nodes of the next daemon have booted anew.
TEST(PretendedNodes, AreGoneWithTheirDaemonAndComeBackWithTheNext) {
  PretendedCluster cluster(20);
  Client client = cluster.client();
  const auto again = client.submit(cluster.job({{"lasts", "1d"}}).nodes(3).requeue(true));
  const auto lost = client.submit(cluster.job({{"lasts", "1d"}}).requeue(false));
  EXPECT_TRUE(client.reaches(again, "RUNNING"));
  EXPECT_TRUE(client.reaches(lost, "RUNNING"));
  ::kill(cluster.daemon(), SIGKILL);
  EXPECT_TRUE(eventually([&] { return cluster.daemon() == 0; }));
  const Ran up = cluster.cox({"up", "--dir", cluster.dir()});
  EXPECT_EQ(up.status, 0) << up.output;
  EXPECT_EQ(client.end_of(lost).state(), "NODE_FAIL");
  EXPECT_TRUE(client.reaches(again, "RUNNING"));
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, again));
  client.end_of(again);
  cluster.expect_nothing_left();
}

/// The agent of each has kept what the controller has to hear.
TEST(PretendedNodes, GoOnWhenTheControllerIsAnother) {
  PretendedCluster cluster(50);
  Client client = cluster.client();
  const auto runs = client.submit(cluster.job({{"lasts", "1d"}}).nodes(50).exclusive());
  EXPECT_TRUE(client.reaches(runs, "RUNNING"));
  const int controller = platform::lock_holder(cluster.dir() + "/ctld.pid").value_or(0);
  ASSERT_GT(controller, 0);
  ::kill(controller, SIGKILL);
  EXPECT_TRUE(eventually(
      [&] { return platform::lock_holder(cluster.dir() + "/ctld.pid").value_or(0) == 0; }));
  const Ran up = cluster.cox({"up", "--dir", cluster.dir()});
  EXPECT_EQ(up.status, 0) << up.output;
  Client other = cluster.client();
  EXPECT_EQ(other.state(runs), "RUNNING");
  EXPECT_TRUE(other.act(wire::JobAction::CANCEL, runs));
  EXPECT_EQ(other.end_of(runs).state(), "CANCELLED");
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
