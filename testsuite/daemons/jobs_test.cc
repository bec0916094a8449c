// What happens to a batch job between its submission and its final state.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>

#include "platform/file.h"
#include "platform/scratch_dir.h"
#include "testsuite/daemons/cluster.h"
#include "testsuite/support/gpu_topology.h"

namespace cox::daemons {
namespace {

TEST(BatchJob, runs_its_script_and_writes_where_the_pattern_says) {
  Cluster cluster;
  Client client = cluster.client();
  const auto id = client.submit(cluster.job("echo here; echo there >&2; pwd")
                                    .named("first")
                                    .output(cluster.work() + "/%x-%4j-%u.txt"));
  const auto job = client.end_of(id);
  EXPECT_EQ(job.state(), "COMPLETED");
  EXPECT_EQ(job.exit_code(), 0);
  EXPECT_EQ(cluster.file("first-0001-root.txt"), "here\nthere\n" + cluster.work() + "\n");
  cluster.expect_nothing_left();
}

TEST(BatchJob, tells_an_exit_status_from_a_signal) {
  Cluster cluster;
  Client client = cluster.client();
  const auto exits = client.submit(cluster.job("exit 3"));
  const auto killed = client.submit(cluster.job("kill -SEGV $$"));
  EXPECT_EQ(client.end_of(exits).state(), "FAILED");
  EXPECT_EQ(client.view(exits).exit_code(), 3);
  EXPECT_EQ(client.view(exits).signal(), 0);
  EXPECT_EQ(client.end_of(killed).state(), "FAILED");
  EXPECT_EQ(client.view(killed).signal(), SIGSEGV);
  cluster.expect_nothing_left();
}

TEST(BatchJob, is_ended_at_its_time_limit) {
  Cluster cluster;
  Client client = cluster.client();
  const auto id = client.submit(cluster.job("echo on; sleep 1000 & sleep 1000").seconds(1));
  const auto job = client.end_of(id);
  EXPECT_EQ(job.state(), "TIMEOUT");
  EXPECT_TRUE(cluster.file("1.out").starts_with("on\n")) << cluster.file("1.out");
  cluster.expect_nothing_left();
}

TEST(BatchJob, is_cancelled_while_it_waits_and_while_it_runs) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const auto runs = client.submit(cluster.job("echo on; exec sleep 1000").exclusive());
  const auto waits = client.submit(cluster.job("echo never").exclusive());
  cluster.shows("1.out", "on");
  EXPECT_EQ(client.view(waits).reason(), "Resources");
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, waits));
  EXPECT_EQ(client.end_of(waits).state(), "CANCELLED");
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, runs));
  EXPECT_EQ(client.end_of(runs).state(), "CANCELLED");
  EXPECT_EQ(cluster.file("2.out"), "");
  EXPECT_FALSE(client.act(wire::JobAction::CANCEL, 999));
  cluster.expect_nothing_left();
}

TEST(BatchJob, stays_held_until_it_is_released) {
  Cluster cluster;
  Client client = cluster.client();
  const auto held = client.submit(cluster.job("echo done").held());
  const auto later = client.submit(cluster.job("echo done"));
  EXPECT_EQ(client.end_of(later).state(), "COMPLETED");
  EXPECT_EQ(client.state(held), "PENDING");
  EXPECT_EQ(client.view(held).reason(), "JobHeldUser");
  EXPECT_TRUE(client.act(wire::JobAction::RELEASE, held));
  EXPECT_EQ(client.end_of(held).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(BatchJob, begins_again_when_it_is_requeued) {
  Cluster cluster;
  Client client = cluster.client();
  const auto id = client.submit(cluster
                                    .job("echo run $COX_RESTART_COUNT >> runs\n"
                                         "while [ ! -e go ]; do sleep 0.05; done; echo end >> runs")
                                    .requeue(true));
  cluster.shows("runs", "run");
  EXPECT_TRUE(client.act(wire::JobAction::REQUEUE, id));
  EXPECT_TRUE(eventually([&] { return client.view(id).attempt() == 2; }));
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  const std::string runs = cluster.file("runs");
  EXPECT_NE(runs.find("run"), runs.rfind("run")) << runs;
  EXPECT_EQ(runs.find("end"), runs.rfind("end")) << runs;
  cluster.expect_nothing_left();
}

TEST(BatchJob, that_takes_more_memory_than_it_asked_for_is_out_of_memory) {
  Cluster cluster;
  if (!cluster.containment().starts_with("cgroup")) GTEST_SKIP() << cluster.containment();
  Client client = cluster.client();
  const auto id = client.submit(
      cluster.job("echo on; head -c 300M /dev/zero | tail -c 300M > /dev/null").memory_mib(50));
  EXPECT_EQ(client.end_of(id).state(), "OUT_OF_MEMORY");
  EXPECT_EQ(cluster.file("1.out").substr(0, 3), "on\n");
  const auto hidden = client.submit(
      cluster.job("head -c 300M /dev/zero | tail -c 300M > /dev/null; echo on; exit 0")
          .memory_mib(50));
  EXPECT_EQ(client.end_of(hidden).state(), "OUT_OF_MEMORY");
  EXPECT_NE(cluster.file("2.out").find("on\n"), std::string::npos);
  const auto fits =
      client.submit(cluster.job("head -c 20M /dev/zero | tail -c 20M > /dev/null").memory_mib(50));
  EXPECT_EQ(client.end_of(fits).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(BatchJob, whose_output_cannot_be_opened_fails_with_that_reason) {
  Cluster cluster;
  Client client = cluster.client();
  const auto id =
      client.submit(cluster.job("echo ran > ran").output(cluster.work() + "/missing/%j.out"));
  const auto job = client.end_of(id);
  EXPECT_EQ(job.state(), "FAILED");
  EXPECT_NE(job.why().find("missing/1.out"), std::string::npos) << job.why();
  EXPECT_EQ(cluster.file("ran"), "");
  cluster.expect_nothing_left();
}

TEST(BatchJob, whose_directory_is_missing_fails_with_that_reason) {
  Cluster cluster;
  Client client = cluster.client();
  const auto id = client.submit(cluster.job("true").directory(cluster.work() + "/gone"));
  const auto job = client.end_of(id);
  EXPECT_EQ(job.state(), "FAILED");
  EXPECT_NE(job.why().find(cluster.work() + "/gone"), std::string::npos) << job.why();
  cluster.expect_nothing_left();
}

TEST(BatchJob, whose_program_is_missing_ends_with_127) {
  Cluster cluster;
  Client client = cluster.client();
  const auto in_script = client.submit(cluster.job("no-such-program"));
  const auto as_command = client.submit(cluster.job("").command({"no-such-program"}));
  EXPECT_EQ(client.end_of(in_script).exit_code(), 127);
  const auto job = client.end_of(as_command);
  EXPECT_EQ(job.state(), "FAILED");
  EXPECT_EQ(job.exit_code(), 127) << job.why();
  cluster.expect_nothing_left();
}

TEST(InteractiveJob, that_ends_at_once_still_shows_its_output) {
  Cluster cluster({.nodes = 1});
  const auto ran = cluster.shell(
      "for who in 1 2 3 4; do\n"
      "  (for i in $(seq 15); do cox run echo hello 2>>why || { cat why; echo failed; }; done) &\n"
      "done; wait");
  EXPECT_EQ(ran.output.find("failed"), std::string::npos) << ran.output;
  EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 60) << ran.output;
  cluster.expect_nothing_left();
}

TEST(InteractiveJob, that_is_interrupted_before_all_its_nodes_are_ready_leaves_nothing) {
  Cluster cluster;
  Client client = cluster.client();
  for (int i = 0; i < 2; ++i) {
    // One node or the other has its supervisor ready while the other cannot answer.
    Child& silent = cluster.node(i == 0 ? 1 : 0);
    silent.signal(SIGSTOP);
    Child run(cluster.shell_request("exec cox run -N 2 -n 4 sleep 1000"));
    EXPECT_TRUE(eventually([&] { return !cluster.supervisors().empty(); }));
    run.signal(SIGINT);
    EXPECT_NE(run.wait(), 0);
    silent.signal(SIGCONT);
    EXPECT_TRUE(eventually([&] { return cluster.is_quiet(); })) << cluster.leftovers();
  }
  cluster.expect_nothing_left();
}

TEST(InteractiveJob, whose_program_is_missing_on_two_nodes_ends_with_127) {
  Cluster cluster;
  EXPECT_EQ(cluster.shell("cox run -N 2 -n 4 nosuchprogram").status, 127);
  cluster.write("plain", "text");
  EXPECT_EQ(cluster.shell("cox run -N 2 -n 4 ./plain").status, 126);
  cluster.expect_nothing_left();
}

class WithGpus : public ::testing::Test {
 protected:
  WithGpus() {
    const auto written = platform::write_file_atomic(
        file_, cox::testing::gpu_topology({cox::testing::nvidia_gpu, cox::testing::nvidia_gpu,
                                           cox::testing::amd_gpu, cox::testing::nvidia_gpu}));
    EXPECT_TRUE(written);
    cluster_.emplace(ClusterOptions{.nodes = 1, .topology = file_});
  }

  platform::ScratchDir dir_;
  const std::string file_ = dir_ / "gpus.xml";
  std::optional<Cluster> cluster_;
};

TEST_F(WithGpus, every_job_is_told_its_own) {
  cluster_->write("show", "echo $CUDA_VISIBLE_DEVICES/$ROCR_VISIBLE_DEVICES");
  EXPECT_EQ(cluster_->shell("cox run --gres gpu:4 sh show").output, "0,1,2/0\n");
  EXPECT_EQ(cluster_->shell("cox run sh show").output, "/\n");
  // One holds the first GPUs while the other runs.
  const auto both = cluster_->shell(
      "cox run --gres gpu:2 sh -c 'sh show; cox run --new --gres gpu:1 sh show; cox run --new sh "
      "show'");
  EXPECT_EQ(both.output, "0,1/\n/0\n/\n");
  const auto shared = cluster_->shell("cox run -n 2 --gres gpu:2 sh show");
  EXPECT_EQ(shared.output, "0,1/\n0,1/\n") << "all tasks see all of them";
  cluster_->expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
