// The controller is killed while many submissions are on their way: each client key is one job.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

constexpr std::uint64_t connections = 4;
constexpr std::uint64_t jobs_each = 50;
constexpr std::uint64_t answers_before_the_kill = 60;

/// One connection with its submissions; each is sent twice under one client key.
struct Sender {
  Client client;
  std::vector<Job> jobs;
  std::map<std::uint64_t, std::uint64_t> ids;  // by position, as first acknowledged

  bool send_all() {
    return std::all_of(jobs.begin(), jobs.end(), [&](const Job& job) {
      wire::ClientRequest request;
      *request.mutable_submit() = job.message();
      return client.send(request).has_value();
    });
  }

  // False when the connection is gone.
  bool read_one() {
    const auto reply = client.next();
    if (!reply) return false;
    const std::uint64_t position = (reply->number() - 1) % jobs_each;
    const auto [known, is_new] = ids.emplace(position, reply->submitted().job());
    EXPECT_EQ(known->second, reply->submitted().job()) << "a resend gave another job";
    return true;
  }
};

TEST(Submissions, in_flight_when_the_controller_is_killed_are_one_job_each) {
  Cluster cluster;
  std::vector<Sender> senders;
  for (std::uint64_t i = 0; i < connections; ++i) {
    senders.push_back({cluster.client(), {}, {}});
    for (std::uint64_t j = 0; j < jobs_each; ++j) {
      senders.back().jobs.push_back(cluster.job("echo $COX_JOB_ID >> ran").memory_mib(16));
    }
  }
  for (Sender& sender : senders) ASSERT_TRUE(sender.send_all());
  for (std::uint64_t i = 0; i < answers_before_the_kill; ++i) {
    ASSERT_TRUE(senders[i % connections].read_one());
  }
  cluster.kill_controller();
  // What was on its way back still counts as acknowledged.
  for (Sender& sender : senders) {
    while (sender.read_one()) {
    }
  }
  cluster.start_controller();
  std::set<std::uint64_t> ids;
  for (Sender& sender : senders) {
    ASSERT_TRUE(sender.send_all());
    for (std::uint64_t j = 0; j < jobs_each; ++j) ASSERT_TRUE(sender.read_one());
    for (const auto& [position, id] : sender.ids) ids.insert(id);
  }
  EXPECT_EQ(ids.size(), connections * jobs_each);
  Client client = cluster.client();
  EXPECT_EQ(client.jobs(true).size(), connections * jobs_each);
  for (const std::uint64_t id : ids) EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  const std::string ran = cluster.file("ran");
  const auto lines = split(trim(ran), '\n');
  EXPECT_EQ(lines.size(), connections * jobs_each);
  EXPECT_EQ(std::set<std::string_view>(lines.begin(), lines.end()).size(), lines.size());
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
