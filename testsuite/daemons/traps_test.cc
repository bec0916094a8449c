// Traps that other schedulers fell into, each shown with real processes. The numbers are those of
// docs/testing.md; each name says what must not happen.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>

#include "common/text.h"
#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

TEST(Trap03, a_node_that_does_not_answer_stops_no_other) {
  Cluster cluster({.nodes = 3});
  Client client = cluster.client();
  cluster.node(2).signal(SIGSTOP);
  const auto stuck = client.submit(cluster.job("echo stuck").nodes(3));
  for (int i = 0; i < 10; ++i) {
    const auto id = client.submit(cluster.job("true").on(Cluster::node_name(i % 2 == 0 ? 0 : 1)));
    EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
    EXPECT_EQ(client.jobs(false).size(), 1U);
  }
  EXPECT_EQ(client.state(stuck), "CONFIGURING");
  cluster.node(2).signal(SIGCONT);
  EXPECT_EQ(client.end_of(stuck).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(Trap04, a_node_daemon_started_again_agrees_with_the_controller) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const std::string script = "echo on; while [ ! -e go ]; do sleep 0.02; done";
  const auto kept = client.submit(cluster.job(script));
  cluster.shows("1.out", "on");
  cluster.kill_node(0);
  cluster.start_node(0);
  EXPECT_TRUE(
      eventually([&] { return occurrences(cluster.file("../noded-n1.log"), "registered") == 2; }));
  EXPECT_EQ(client.state(kept), "RUNNING");
  // Now everything of the job is gone with the daemon.
  cluster.kill_node(0);
  cluster.kill_supervisors();
  cluster.start_node(0);
  EXPECT_EQ(client.end_of(kept).state(), "NODE_FAIL");
  EXPECT_TRUE(eventually([&] { return client.nodes().front().jobs_size() == 0; }));
  const auto next = client.submit(cluster.job("true").exclusive());
  EXPECT_EQ(client.end_of(next).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

/// Lines of /proc/self/cgroup that are ours. The container of `job` is JOB in them, and what is
/// below it is left out; who stands in another's, or above, has other lines.
std::string confinement(const std::string& cgroups, std::uint64_t job) {
  const std::string own = "/job_" + std::to_string(job) + ".1";
  std::string lines;
  for (const std::string_view line : split(cgroups, '\n')) {
    if (line.find("/coxswain/") == std::string_view::npos) continue;
    const std::size_t at = line.find(own);
    const bool is_there = at != std::string_view::npos &&
                          (at + own.size() == line.size() || line[at + own.size()] == '/');
    lines += std::string(line.substr(0, at)) + (is_there ? "/JOB" : "") + "\n";
  }
  return lines;
}

TEST(Trap05, tells_who_stands_outside_the_jobs_container) {
  const std::string job = "4:memory:/coxswain/c/n1/job_7.1\n1:name=systemd:/\n";
  EXPECT_EQ(confinement(job, 7), "4:memory:/coxswain/c/n1/JOB\n");
  EXPECT_EQ(confinement("4:memory:/coxswain/c/n1/job_8.1/step_0\n", 8), confinement(job, 7));
  for (const char* outside :
       {"4:memory:/\n", "4:memory:/coxswain/c/n1\n", "4:memory:/coxswain/c/n1/job_77.1\n",
        "4:memory:/coxswain/c/n1/job_7.2\n"}) {
    EXPECT_NE(confinement(outside, 7), confinement(job, 7)) << outside;
  }
}

TEST(Trap05, an_interactive_task_is_confined_as_a_batch_task) {
  Cluster cluster({.nodes = 1});
  if (!cluster.containment().starts_with("cgroup")) GTEST_SKIP() << cluster.containment();
  Client client = cluster.client();
  const auto batch = client.submit(cluster.job("cat /proc/self/cgroup"));
  EXPECT_EQ(client.end_of(batch).state(), "COMPLETED");
  const std::string expected = confinement(cluster.file("1.out"), batch);
  EXPECT_NE(expected.find("/JOB\n"), std::string::npos) << cluster.file("1.out");
  const auto alone = cluster.shell("cox run cat /proc/self/cgroup");
  EXPECT_EQ(confinement(alone.output, 2), expected) << alone.output;
  cluster.write("script", "#!/bin/sh\ncox run cat /proc/self/cgroup\n");
  const auto inside = cluster.shell("cox submit -o inside.txt script && cox wait 3");
  EXPECT_EQ(inside.status, 0) << inside.output;
  EXPECT_EQ(confinement(cluster.file("inside.txt"), 3), expected) << cluster.file("inside.txt");
  const auto greedy =
      cluster.shell("cox run --mem 50M sh -c 'head -c 300M /dev/zero | tail -c 300M > /dev/null'");
  EXPECT_NE(greedy.status, 0);
  EXPECT_EQ(client.end_of(4).state(), "OUT_OF_MEMORY") << greedy.output;
  cluster.expect_nothing_left();
}

/// A file system of two MiB, seen by this process and its children alone.
class SmallDisk {
 public:
  SmallDisk() {
    is_mounted_ = ::unshare(CLONE_NEWNS) == 0 &&
                  ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                  ::mkdtemp(path_.data()) != nullptr &&
                  ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=2m") == 0;
  }

  ~SmallDisk() {
    if (is_mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    ::rmdir(path_.c_str());
  }

  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return is_mounted_; }

  const std::string& path() const { return path_; }

  void fill() const {
    const auto file = platform::open_append(path_ + "/filler");
    const std::string page(4096, 'x');
    while (::write(file->get(), page.data(), page.size()) > 0) {
    }
  }

  void empty() const { static_cast<void>(platform::remove_path(path_ + "/filler")); }

 private:
  std::string path_ = "/tmp/cox-small-disk.XXXXXX";
  bool is_mounted_ = false;
};

bool says_disk_is_full(Client& client) {
  wire::ClientRequest request;
  request.mutable_status();
  const auto answer = client.ask(request);
  EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
  return answer && !answer->notice().empty();
}

/// Many submissions over one connection; job N appends a line to the file ran-N.
struct Writer {
  Cluster& cluster;
  Client client = cluster.client();
  std::uint64_t sent = 0, refused = 0;
  std::map<std::uint64_t, std::uint64_t> jobs{};  // acknowledged, by number of the submission

  bool send_one() {
    wire::ClientRequest request;
    const std::string script = "echo ran >> ran-" + std::to_string(++sent);
    *request.mutable_submit() = cluster.job(script).message();
    return client.send(request).has_value();
  }

  bool has_all_answers() const { return jobs.size() + refused == sent; }

  void read(Duration time_out) {
    while (!has_all_answers()) {
      const auto reply = client.next(time_out);
      if (reply) jobs[reply->number()] = reply->submitted().job();
      if (!reply && reply.error().code != Code::storage_full) return;
      if (!reply) ++refused;
    }
  }

  std::string ran(std::uint64_t number) const {
    return cluster.file("ran-" + std::to_string(number));
  }
};

TEST(Trap07, nothing_is_launched_before_it_is_committed) {
  const SmallDisk disk;
  if (!disk.is_mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  Cluster cluster({.nodes = 1, .emulated = false, .state_dir = disk.path()});
  Client reader = cluster.client();
  // What still fits into the journal may be accepted; the first submit that does not stays
  // unanswered, and its script must not run. Where it was the start of a job that did not fit, the
  // disk is filled once more.
  Writer writer{cluster};
  for (int tries = 0; tries < 20 && writer.has_all_answers(); ++tries) {
    disk.empty();
    ASSERT_TRUE(eventually([&] { return !says_disk_is_full(reader); }));
    writer.read(seconds(30));
    disk.fill();
    EXPECT_TRUE(eventually([&] { return writer.send_one() && says_disk_is_full(reader); }));
    writer.read(Duration{0});
  }
  EXPECT_FALSE(writer.has_all_answers());
  const auto refused = reader.try_submit(cluster.job("true"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::storage_full) << refused.error().message;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(says_disk_is_full(reader));
  for (std::uint64_t i = 1; i <= writer.sent; ++i) {
    EXPECT_TRUE(writer.jobs.contains(i) || writer.ran(i).empty()) << i;
  }
  disk.empty();
  EXPECT_TRUE(eventually([&] { return !says_disk_is_full(reader); }));
  writer.read(seconds(30));
  EXPECT_TRUE(writer.has_all_answers());
  for (const auto& [number, job] : writer.jobs) {
    EXPECT_EQ(reader.end_of(job).state(), "COMPLETED");
    EXPECT_EQ(writer.ran(number), "ran\n");
  }
  const auto later = reader.submit(cluster.job("true"));
  EXPECT_EQ(reader.end_of(later).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(Trap16, a_second_node_of_the_same_name_is_refused_without_a_storm) {
  if (::geteuid() != 0) GTEST_SKIP() << "another boot id needs root";
  if (std::system("unshare -m true 2>/dev/null") != 0) {
    GTEST_SKIP() << "another boot id needs a mount namespace, which unshare cannot make here";
  }
  Cluster cluster({.nodes = 1, .emulated = false});
  Client client = cluster.client();
  const auto id = client.submit(cluster.job("echo on; while [ ! -e go ]; do sleep 0.02; done"));
  cluster.shows("1.out", "on");
  const auto began = std::chrono::steady_clock::now();
  Child second = cluster.spawn_twin(0);
  const auto log = [&] { return cluster.file("../twin/log"); };
  EXPECT_TRUE(eventually([&] { return occurrences(log(), "two nodes have the same name") >= 3; }))
      << log();
  const auto passed = std::chrono::steady_clock::now() - began;
  // 50 ms, doubled up to 5 s: seven tries in the first five seconds, then one each 2.5 s or later.
  const auto tries = static_cast<std::int64_t>(occurrences(log(), "connected to"));
  EXPECT_LE(tries, 8 + passed / std::chrono::milliseconds(2500)) << log();
  EXPECT_EQ(occurrences(cluster.file("../noded-n1.log"), "connected to"), 1U);
  EXPECT_EQ(client.state(id), "RUNNING");
  EXPECT_EQ(second.end(SIGTERM), 0);
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

void run_many(Cluster& cluster, Client& client, int jobs) {
  wire::ClientRequest request;
  for (int i = 0; i < jobs; ++i) {
    *request.mutable_submit_many()->add_jobs() = cluster.job("true").output("/dev/null").message();
  }
  const auto answer = client.ask(request);
  ASSERT_TRUE(answer) << answer.error().message;
  for (const std::uint64_t id : answer->submitted_many().jobs()) {
    ASSERT_EQ(client.end_of(id).state(), "COMPLETED");
  }
  EXPECT_TRUE(eventually([&] { return cluster.is_quiet(); }));
}

TEST(Trap19, three_hundred_jobs_leave_no_cgroup_behind) {
  Cluster cluster;
  if (!cluster.containment().starts_with("cgroup")) GTEST_SKIP() << cluster.containment();
  Client client = cluster.client();
  run_many(cluster, client, 4);
  const auto before = cluster.cgroups();
  run_many(cluster, client, 300);
  EXPECT_EQ(cluster.cgroups(), before);
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
