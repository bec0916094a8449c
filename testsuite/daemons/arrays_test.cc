// Job arrays with real processes: what elements find in their environment, where their output goes,
// how many run at once, and that nothing is lost or run twice when the controller is killed on the
// way.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"
#include "wire/model_codec.h"

namespace cox::daemons {
namespace {

Job array_of(const std::string& elements, Job job) {
  auto* request = job.message().mutable_request();
  const ArraySpec array = parse_array(elements).value();
  wire::put(array, request->mutable_array());
  request->set_array_at_once(array.at_once_max);
  return job;
}

/// How often each line is in the file.
std::map<std::string, int> counted_lines(const std::string& text) {
  std::map<std::string, int> lines;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) ++lines[std::string(line)];
  }
  return lines;
}

TEST(Arrays, elements_know_who_they_are_and_write_files_of_their_own) {
  Cluster cluster;
  Client client = cluster.client();
  const auto id = client.submit(array_of(
      "3-9:3", cluster
                   .job("echo $COX_ARRAY_ID $COX_ARRAY_INDEX $SLURM_ARRAY_JOB_ID "
                        "$SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_COUNT $SLURM_ARRAY_TASK_MIN "
                        "$SLURM_ARRAY_TASK_MAX $SLURM_ARRAY_TASK_STEP")
                   .output("")));
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  for (const char* index : {"3", "6", "9"}) {
    const std::string id_text = std::to_string(id);
    EXPECT_EQ(cluster.file("cox-" + id_text + "_" + index + ".out"),
              id_text + " " + index + " " + id_text + " " + index + " 3 3 9 3\n");
  }
  cluster.expect_nothing_left();
}

TEST(Arrays, no_more_run_at_once_than_was_said) {
  Cluster cluster;
  Client client = cluster.client();
  const auto id = client.submit(array_of(
      "0-11%2",
      cluster.job("mkdir slot.a 2>/dev/null && mine=slot.a || { mkdir slot.b && mine=slot.b; } "
                  "|| exit 9\nsleep 0.05\nrmdir $mine")));
  const auto job = client.end_of(id);
  EXPECT_EQ(job.state(), "COMPLETED") << "a third element found no slot: " << job.counts();
  EXPECT_EQ(job.counts(), "12 COMPLETED");
  cluster.expect_nothing_left();
}

TEST(Arrays, a_controller_killed_in_the_middle_loses_no_element_and_runs_none_twice) {
  Cluster cluster({.nodes = 2});
  Client client = cluster.client();
  const auto id = client.submit(array_of(
      "0-39%6", cluster.job("echo $COX_ARRAY_INDEX >> began; sleep 0.1; "
                            "echo $COX_ARRAY_INDEX >> done; exit $((COX_ARRAY_INDEX == 7))")));
  for (int kill = 0; kill < 3; ++kill) {
    cluster.shows("began", std::to_string(4 + 9 * kill) + "\n");
    cluster.kill_controller();
    cluster.start_controller();
  }
  const auto job = client.end_of(id);
  EXPECT_EQ(job.state(), "FAILED");
  EXPECT_EQ(job.exit_code(), 1);
  EXPECT_EQ(job.counts(), "39 COMPLETED, 1 FAILED");
  for (const char* file : {"began", "done"}) {
    const auto lines = counted_lines(cluster.file(file));
    EXPECT_EQ(lines.size(), 40U) << file;
    for (const auto& [index, times] : lines) EXPECT_EQ(times, 1) << file << ": element " << index;
  }
  cluster.expect_nothing_left();
}

TEST(Arrays, a_million_elements_are_cancelled_as_quickly_as_they_were_submitted) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const auto id = client.submit(array_of("0-999999", cluster.job("sleep 1000").exclusive()));
  EXPECT_EQ(client.status().jobs_pending() + client.status().jobs_running(), 1'000'000U);
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, id));
  EXPECT_EQ(client.end_of(id).state(), "CANCELLED");
  EXPECT_EQ(client.status().jobs_pending(), 0U);
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
