// A real coxctld under the probe: every acknowledged submit left after a sync of what it promises;
// and the probe finds a controller that syncs nothing, or too late.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "testsuite/daemons/cluster.h"
#include "testsuite/kills/sync_log.h"

namespace cox::kills {
namespace {

constexpr std::size_t room = 1U << 18;
constexpr std::size_t rounds = 40;
constexpr std::size_t connections = 4;

class RepliesOfAController : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "a sanitizer's library has to be loaded first";
#endif
    ASSERT_TRUE(log_.is_open());
  }

  // Held jobs, over some connections at once, so that some share a sync. The ids given.
  static std::set<std::uint64_t> submit(daemons::Cluster& cluster) {
    std::vector<daemons::Client> clients;
    for (std::size_t i = 0; i < connections; ++i) clients.push_back(cluster.client());
    std::set<std::uint64_t> ids;
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < connections; ++i) {
        wire::ClientRequest request;
        *request.mutable_submit() =
            cluster.job("true").held().named(marked_name(round * connections + i)).message();
        EXPECT_TRUE(clients[i].send(request));
      }
      for (daemons::Client& client : clients) {
        const auto reply = client.next();
        if (reply) ids.insert(reply->submitted().job());
      }
    }
    return ids;
  }

  SyncJudge run_with(const std::string& plant) {
    daemons::Cluster cluster({.nodes = 1, .controller_environment = log_.environment(plant)});
    EXPECT_EQ(submit(cluster).size(), rounds * connections);
    syncs_said_ = cluster.client().status().syncs();
    const SyncJudge seen = log_.judge();
    EXPECT_EQ(seen.processes(), 1U);
    EXPECT_EQ(seen.replies(), rounds * connections);
    EXPECT_EQ(cluster.shell("cox cancel --user root").status, 0);
    cluster.expect_nothing_left();
    return seen;
  }

  SyncLog log_{::testing::TempDir() + "cox-sync-" + std::to_string(::getpid()), room};
  std::uint64_t syncs_said_ = 0;
};

TEST_F(RepliesOfAController, leave_after_the_sync_of_what_they_promise) {
  const SyncJudge seen = run_with("");
  EXPECT_EQ(seen.early(), 0U);
  EXPECT_EQ(seen.complaints(), std::vector<std::string>{});
  EXPECT_GE(seen.syncs(), rounds) << "no two rounds can share one";
  EXPECT_GE(seen.syncs(), syncs_said_);
}

TEST_F(RepliesOfAController, are_all_found_early_where_nothing_is_synced) {
  const SyncJudge seen = run_with("skip");
  EXPECT_EQ(seen.syncs(), 0U);
  EXPECT_GE(seen.early(), rounds * connections);
}

TEST_F(RepliesOfAController, are_found_early_where_the_sync_comes_after_them) {
  const SyncJudge seen = run_with("late");
  EXPECT_GT(seen.syncs(), 0U);
  EXPECT_GE(seen.early(), rounds) << "the last of each round cannot have been synced";
}

}  // namespace
}  // namespace cox::kills
