// Gangs that share nodes in turns, by the machine's own means: what was told to stand still is
// asked of the kernel, what they do is counted by themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// A task, and what makes it stand still: the kernel begins with it at once, and no task of the
/// container gets back to its program, though the last may take a while to be seen as frozen.
struct GangTask {
  int pid = 0;
  std::string freezer;  // the file that says so; empty where no cgroup holds it

  bool is_still() const {
    if (freezer.empty()) return process_state(pid) == 'T';
    const std::string text = platform::read_file(freezer, 64).value_or("gone");
    return !text.starts_with("THAWED") && !text.starts_with("0");
  }
};

/// A job of one task a node, each of which counts its steps in a file of its own.
struct Gang {
  std::uint64_t id = 0;
  std::string letter;
  std::vector<std::string> nodes;
  std::vector<GangTask> tasks{};  // by rank

  bool all_run() const { return std::ranges::none_of(tasks, &GangTask::is_still); }

  bool all_stand() const { return std::ranges::all_of(tasks, &GangTask::is_still); }
};

class Turns : public ::testing::Test {
 protected:
  Gang start(const std::string& letter, const std::vector<std::string>& nodes) {
    const std::string file = letter + ".$COX_RANK";
    Job job = cluster_
                  .job("cox run sh -c 'echo $$ > " + file + "; while :; do echo tick >> " + file +
                       ".ticks; sleep 0.02; done'")
                  .nodes(static_cast<std::uint32_t>(nodes.size()));
    for (const std::string& node : nodes) job.on(node);
    return {client_.submit(job), letter, nodes};
  }

  /// Each of its tasks has begun, which takes a turn of its row.
  bool begins(Gang& gang) const {
    for (std::size_t rank = 0; rank < gang.nodes.size(); ++rank) {
      const std::string name = gang.letter + "." + std::to_string(rank);
      if (!cluster_.shows(name + ".ticks", "tick")) return false;
      gang.tasks.push_back({std::stoi(cluster_.file(name)), freezer_of(gang, rank)});
    }
    return true;
  }

  std::string freezer_of(const Gang& gang, std::size_t rank) const {
    const std::string group = "/" + gang.nodes[rank] + "/job_" + std::to_string(gang.id) + ".1";
    for (const std::string& directory : cluster_.cgroups()) {
      if (!directory.ends_with(group)) continue;
      for (const char* name : {"/freezer.state", "/cgroup.freeze"}) {
        if (platform::read_file(directory + name, 64)) return directory + name;
      }
    }
    return {};
  }

  std::size_t ticks(const Gang& gang) const {
    std::size_t bytes = 0;
    for (std::size_t rank = 0; rank < gang.nodes.size(); ++rank) {
      bytes += cluster_.file(gang.letter + "." + std::to_string(rank) + ".ticks").size();
    }
    return bytes;
  }

  bool goes_on(const Gang& gang) const {
    const std::size_t before = ticks(gang);
    return eventually([&] { return ticks(gang) > before + 100; });
  }

  wire::PartitionView partition() {
    wire::ClientRequest request;
    request.mutable_list_partitions();
    const auto answer = client_.ask_surely(request);
    return answer && answer->partitions().partitions_size() == 1
               ? answer->partitions().partitions(0)
               : wire::PartitionView();
  }

  std::int64_t turn_since() { return partition().turn_since_us(); }

  /// Nowhere do both run. Between the looks at one of them a whole turn would have to pass.
  void expect_one_at_a_time(const Gang& one, const Gang& other) const {
    for (std::size_t i = 0; i < one.tasks.size(); ++i) {
      const auto same = std::ranges::find(other.nodes, one.nodes[i]);
      if (same == other.nodes.end()) continue;
      const GangTask& beside = other.tasks[static_cast<std::size_t>(same - other.nodes.begin())];
      const bool ran = !one.tasks[i].is_still();
      const bool other_ran = !beside.is_still();
      EXPECT_FALSE(ran && other_ran && !one.tasks[i].is_still()) << "both run on " << one.nodes[i];
    }
  }

  /// One of the two runs on all of its nodes and the other on none, in one turn. error: nullptr
  const Gang* who_runs(const Gang& one, const Gang& other) {
    const std::int64_t since = turn_since();
    expect_one_at_a_time(one, other);
    const Gang* runs = one.all_run() && other.all_stand()   ? &one
                       : other.all_run() && one.all_stand() ? &other
                                                            : nullptr;
    return since == turn_since() ? runs : nullptr;
  }

  /// Until each has had so many turns; what stands still does not count on meanwhile.
  bool take_turns(const Gang& one, const Gang& other, int turns) {
    std::int64_t since = 0;
    std::size_t still = 0;
    const Gang* last = nullptr;
    std::string order;
    return eventually(
        [&] {
          const std::int64_t begun = turn_since();
          const Gang* runs = who_runs(one, other);
          if (runs == nullptr || ::testing::Test::HasFailure())
            return ::testing::Test::HasFailure();
          const std::size_t now = ticks(runs == &one ? other : one);
          // A turn of the controller's begins on the nodes when they hear of it.
          if (begun == since && begun == turn_since() && runs == last) {
            EXPECT_EQ(now, still) << runs->letter << " runs";
          }
          if (!order.ends_with(runs->letter)) order += runs->letter;
          since = begun;
          still = now;
          last = runs;
          return order.size() > static_cast<std::size_t>(2 * turns);
        },
        std::chrono::seconds(90));
  }

  void end(const Gang& gang) {
    EXPECT_TRUE(client_.act(wire::JobAction::CANCEL, gang.id));
    EXPECT_EQ(client_.end_of(gang.id).state(), "CANCELLED");
  }

  const std::vector<std::string> all_{"n1", "n2", "n3", "n4"};
  Cluster cluster_{{.nodes = 4,
                    .scheduling = "[[partition]]\nname = \"turns\"\nshare = \"timeslice\"\n"
                                  "rows = 3\nslice = \"2s\"\n"}};
  Client client_ = cluster_.client();
};

TEST_F(Turns, are_taken_on_all_nodes_and_never_by_two_at_once) {
  Gang one = start("a", all_);
  Gang other = start("b", all_);
  ASSERT_TRUE(begins(one));
  ASSERT_TRUE(begins(other));
  EXPECT_EQ(client_.view(one.id).row(), 1U);
  EXPECT_EQ(client_.view(other.id).row(), 2U);
  const std::size_t before = ticks(one), other_before = ticks(other);
  EXPECT_TRUE(take_turns(one, other, 2));
  EXPECT_GT(ticks(one), before);
  EXPECT_GT(ticks(other), other_before);
  end(one);
  end(other);
  cluster_.expect_nothing_left();
}

TEST_F(Turns, hold_over_a_controller_that_is_killed) {
  Gang one = start("a", all_);
  Gang other = start("b", all_);
  ASSERT_TRUE(begins(one));
  ASSERT_TRUE(begins(other));
  // At the beginning of a turn, so that all have been told.
  const std::int64_t since = turn_since();
  const Gang* runs = nullptr;
  ASSERT_TRUE(eventually([&] {
    runs = who_runs(one, other);
    return runs != nullptr && turn_since() != since;
  }));
  cluster_.kill_controller();
  const Gang& stands = runs == &one ? other : one;
  const std::size_t still = ticks(stands);
  EXPECT_TRUE(goes_on(*runs));
  EXPECT_EQ(ticks(stands), still) << "nobody says that it has its turn";
  EXPECT_TRUE(stands.all_stand());
  cluster_.start_controller();
  EXPECT_TRUE(cluster_.hears_all_nodes());
  EXPECT_EQ(client_.view(one.id).row(), 1U);
  EXPECT_EQ(client_.view(other.id).row(), 2U);
  EXPECT_TRUE(take_turns(one, other, 1));
  end(one);
  end(other);
  cluster_.expect_nothing_left();
}

TEST_F(Turns, end_when_a_row_is_empty_and_the_others_move_up) {
  Gang one = start("a", all_);
  Gang other = start("b", all_);
  ASSERT_TRUE(begins(one));
  ASSERT_TRUE(begins(other));
  end(one);
  EXPECT_TRUE(eventually([&] { return client_.view(other.id).row() == 1; }));
  EXPECT_TRUE(eventually([&] { return other.all_run(); }));
  EXPECT_EQ(partition().rows_used(), 1U);
  EXPECT_EQ(client_.view(other.id).stands_us(), 0);
  EXPECT_TRUE(goes_on(other));
  end(other);
  cluster_.expect_nothing_left();
}

TEST_F(Turns, do_not_wake_a_job_that_somebody_suspended) {
  Gang wide = start("a", all_);
  Gang left = start("b", {"n1", "n2"});
  Gang right = start("c", {"n3", "n4"});
  for (Gang* gang : {&wide, &left, &right}) ASSERT_TRUE(begins(*gang));
  EXPECT_EQ(client_.view(left.id).row(), 2U);
  EXPECT_EQ(client_.view(right.id).row(), 2U);
  ASSERT_TRUE(client_.act(wire::JobAction::SUSPEND, left.id));
  EXPECT_EQ(client_.state(left.id), "SUSPENDED");
  ASSERT_TRUE(eventually([&] { return left.all_stand(); }));
  const std::size_t still = ticks(left);
  // Its row has its turn for the other that stands in it.
  EXPECT_TRUE(take_turns(wide, right, 2));
  EXPECT_TRUE(left.all_stand());
  EXPECT_EQ(ticks(left), still);
  ASSERT_TRUE(client_.act(wire::JobAction::RESUME, left.id));
  EXPECT_TRUE(goes_on(left));
  for (const Gang* gang : {&wide, &left, &right}) end(*gang);
  cluster_.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
