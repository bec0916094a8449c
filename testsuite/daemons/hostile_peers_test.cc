// Peers that mean no good to a controller: too many, too slow, too large, deaf.
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "platform/file.h"
#include "platform/limits.h"
#include "testsuite/daemons/hostile.h"
#include "wire/client.pb.h"

namespace cox::daemons {
namespace {

std::size_t descriptors_of(int pid) {
  return platform::list_directory("/proc/" + std::to_string(pid) + "/fd")->size();
}

void expect_a_job_done(const Cluster& cluster) {
  Client client = cluster.client();
  const auto id = client.submit(cluster.job("true"));
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
}

TEST(HostilePeers, ten_thousand_idle_connections_do_not_keep_others_out) {
  const std::size_t limit = platform::raise_descriptor_limit();
  constexpr std::size_t wanted = 10'000;
  if (limit < wanted + 500) GTEST_SKIP() << "only " << limit << " descriptors may be open";
  Cluster cluster({.nodes = 1});
  const int pid = cluster.controller().pid();
  const std::size_t before_kib = memory_kib(pid, "VmRSS:");
  std::vector<RawPeer> idle;
  for (std::size_t i = 0; i < wanted; ++i) {
    idle.emplace_back(cluster.dir() + "/ctld.sock");
    idle.back().say_hello();
    ASSERT_TRUE(idle.back().is_open()) << i;
  }
  ASSERT_TRUE(eventually([&] { return descriptors_of(pid) > wanted; }));
  expect_a_job_done(cluster);
  const std::size_t each = (memory_kib(pid, "VmRSS:") - before_kib) * 1024 / wanted;
  RecordProperty("bytes_per_connection", static_cast<int>(each));
  EXPECT_LT(each, 16'384U);
  idle.clear();
  ASSERT_TRUE(eventually([&] { return descriptors_of(pid) < 200; }));
  cluster.expect_nothing_left();
}

TEST(HostilePeers, connections_beyond_the_limit_are_told_so_and_the_rest_goes_on) {
  Cluster cluster({.nodes = 1, .controller_descriptors = 300});
  Client early = cluster.client();
  EXPECT_EQ(early.jobs(false).size(), 0U);
  std::vector<RawPeer> idle;
  for (int i = 0; i < 172; ++i) {
    idle.emplace_back(cluster.dir() + "/ctld.sock");
    idle.back().say_hello();
  }
  EXPECT_NE(idle.back().hear_out().find("too many connections: the limit of this daemon is 172"),
            std::string::npos);
  const auto refused = cluster.shell("cox queue");
  EXPECT_NE(refused.output.find("too many connections"), std::string::npos) << refused.output;
  const auto id = early.submit(cluster.job("true"));
  EXPECT_EQ(early.end_of(id).state(), "COMPLETED");
  idle.clear();
  EXPECT_TRUE(eventually([&] { return cluster.shell("cox queue").status == 0; }));
  cluster.expect_nothing_left();
}

TEST(HostilePeers, one_user_cannot_take_all_connections) {
  if (::geteuid() != 0) GTEST_SKIP() << "another user needs root";
  Cluster cluster({.nodes = 1, .controller_descriptors = 300});
  std::vector<RawPeer> idle;
  {
    const Disguise disguise;
    for (int i = 0; i < 87; ++i) {
      idle.emplace_back(cluster.dir() + "/ctld.sock");
      idle.back().say_hello();
    }
  }
  EXPECT_NE(idle.back().hear_out().find("the limit of uid 65534 is 86"), std::string::npos);
  ASSERT_TRUE(cluster.hears_all_nodes());
  expect_a_job_done(cluster);
  idle.clear();
  cluster.expect_nothing_left();
}

TEST(HostilePeers, one_that_reads_nothing_is_cut_off_before_it_fills_the_memory) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const std::string word(100'000, 'x');
  const auto id = client.submit(cluster.job("").command(
      {"/bin/true", word, word, word, word, word, word, word, word, word, word}));
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  const int pid = cluster.controller().pid();
  const std::size_t before_kib = memory_kib(pid, "VmHWM:");
  RawPeer deaf(cluster.dir() + "/ctld.sock");
  deaf.say_hello();
  wire::ClientRequest request;
  request.mutable_wait_jobs()->add_jobs(id);
  for (std::uint64_t i = 1; i <= 2'000 && deaf.is_open(); ++i) {
    request.set_number(i);
    deaf.send_frame(request.SerializeAsString());
  }
  EXPECT_TRUE(deaf.is_cut_off());
  EXPECT_LT(memory_kib(pid, "VmHWM:") - before_kib, 400U << 10);
  EXPECT_EQ(client.state(id), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(HostilePeers, one_that_waits_for_one_job_many_times_is_answered_once) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const auto id = client.submit(cluster.job("true"));
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  wire::ClientRequest request;
  for (int i = 0; i < 100'000; ++i) request.mutable_wait_jobs()->add_jobs(id);
  const auto answer = client.ask(request);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->last());
  request.mutable_wait_jobs()->add_jobs(id);
  const auto refused = client.ask(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "100001 jobs in one request are over the limit of 100000");
  cluster.expect_nothing_left();
}

TEST(HostilePeers, frames_that_would_grow_in_memory_are_not_decoded) {
  Cluster cluster({.nodes = 1});
  const int pid = cluster.controller().pid();
  const std::size_t before_kib = memory_kib(pid, "VmHWM:");
  // A million empty jobs of two bytes each, and numbers of jobs without end.
  std::string empty_jobs;
  for (int i = 0; i < 4'500'000; ++i) empty_jobs.append("\x0a\0", 2);
  std::string many = "\x6a";  // submit_many
  for (std::size_t left = empty_jobs.size(); left != 0; left >>= 7U) {
    many += static_cast<char>((left & 0x7FU) | (left > 0x7F ? 0x80U : 0U));
  }
  const std::string groups(2'000'000, '\x0b');
  wire::ClientRequest wait;
  for (int i = 0; i < 1'100'000; ++i) wait.mutable_wait_jobs()->add_jobs(1);
  for (const std::string& frame : {many + empty_jobs, groups, wait.SerializeAsString()}) {
    RawPeer peer(cluster.dir() + "/ctld.sock");
    peer.say_hello();
    peer.send_frame(frame);
    EXPECT_TRUE(peer.is_cut_off());
  }
  EXPECT_LT(memory_kib(pid, "VmHWM:") - before_kib, 100U << 10);
  expect_a_job_done(cluster);
  cluster.expect_nothing_left();
}

TEST(HostilePeers, what_is_no_frame_no_hello_or_no_request_ends_the_connection_alone) {
  Cluster cluster({.nodes = 1});
  const std::string path = cluster.dir() + "/ctld.sock";
  RawPeer early(path);
  early.say_hello();
  RawPeer large(path);
  large.send(std::string("\xff\xff\xff\x7f", 4));
  EXPECT_TRUE(large.is_cut_off());
  RawPeer browser(path);
  browser.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(browser.is_cut_off());
  RawPeer talker(path);
  talker.send_frame("no hello");
  EXPECT_TRUE(talker.is_cut_off());
  RawPeer late(path);
  late.say_hello();
  late.send_frame(std::string(64, '\xff'));
  EXPECT_TRUE(late.is_cut_off());
  expect_a_job_done(cluster);
  EXPECT_TRUE(early.is_open());
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
