// Jobs that wait for others, with real processes and the commands people type: over kills of the
// controller, on jobs that left its memory, and what becomes of those whose turn can never come.
#include <gtest/gtest.h>

#include <string>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

std::string line_of(const Ran& ran) {
  EXPECT_EQ(ran.status, 0) << ran.output;
  return std::string(trim(ran.output));
}

std::string submit(Cluster& cluster, const std::string& words) {
  return line_of(cluster.shell("cox submit -o out-%j " + words));
}

std::string field(Cluster& cluster, const std::string& job, const std::string& name) {
  const auto ran = cluster.shell("cox show job " + job + " | sed -n 's/^" + name + ": *//p'");
  return std::string(trim(ran.output));
}

TEST(Dependencies, a_chain_runs_in_order_although_the_controller_is_killed) {
  Cluster cluster;
  const std::string first = submit(cluster, "-- sh -c 'sleep 0.5; echo 1 >> order'");
  const std::string second =
      submit(cluster, "-d afterok:" + first + " -- sh -c 'echo 2 >> order; exit 3'");
  const std::string third =
      submit(cluster, "-d afternotok:" + second + " -- sh -c 'echo 3 >> order'");
  EXPECT_EQ(field(cluster, third, "Reason"), "Dependency");
  EXPECT_EQ(field(cluster, third, "Dependency"), "afternotok:" + second);
  cluster.kill_controller();
  cluster.start_controller();
  EXPECT_EQ(cluster.shell("cox wait -q " + third).status, 0);
  EXPECT_EQ(cluster.file("order"), "1\n2\n3\n");
  cluster.expect_nothing_left();
}

TEST(Dependencies, what_can_never_be_ends_at_once_and_says_why) {
  Cluster cluster;
  const std::string first = submit(cluster, "-H -- false");
  const std::string second = submit(cluster, "-d afterok:" + first + " -- true");
  const std::string third = submit(cluster, "-d afterok:" + second + " -- true");
  const std::string kept =
      submit(cluster, "-d afterok:" + first + " --kill-on-invalid-dep=no -- true");
  const auto why = cluster.shell("cox why " + third);
  EXPECT_NE(why.output.find("job " + second + " is PENDING"), std::string::npos) << why.output;
  cluster.shell("cox release " + first);
  EXPECT_EQ(cluster.shell("cox wait -q " + third).status, 1);
  const std::string chain = "dependency cannot come true: afterok:" + second +
                            " <- afterok:" + first + ": job " + first +
                            " ended FAILED, exit code 1";
  EXPECT_EQ(field(cluster, third, "State"), "CANCELLED");
  EXPECT_EQ(field(cluster, third, "Why"), chain);
  EXPECT_EQ(field(cluster, kept, "Reason"), "DependencyNeverSatisfied");
  EXPECT_EQ(line_of(cluster.shell("cox update " + kept + " dependency= && cox wait " + kept +
                                  " && echo well")),
            "well");
  cluster.expect_nothing_left();
}

TEST(Dependencies, Trap13_jobs_that_left_memory_are_asked_of_the_history) {
  Cluster cluster({.scheduling = "[history]\nkeep_in_memory = \"0s\"\njobs_in_memory = 0\n"});
  const std::string good = submit(cluster, "-- true");
  const std::string bad = submit(cluster, "-- false");
  const std::string array = submit(cluster, "-a 0-3 -- sh -c 'exit $((COX_ARRAY_INDEX == 2))'");
  cluster.shell("cox wait -q " + good + " " + bad + " " + array);
  cluster.kill_controller();
  cluster.start_controller();
  const std::string after =
      submit(cluster, "-d afterok:" + good + ",afternotok:" + bad + " -- true");
  const std::string never = submit(cluster, "-d afterok:" + bad + " -- true");
  const std::string each =
      submit(cluster, "-a 0-3 -d aftercorr:" + array + " -- sh -c 'echo $COX_ARRAY_INDEX >> each'");
  EXPECT_EQ(cluster.shell("cox wait -q " + after).status, 0);
  EXPECT_EQ(cluster.shell("cox wait -q " + never).status, 1);
  EXPECT_EQ(cluster.shell("cox wait -q " + each).status, 1) << "element 2 was not to run";
  EXPECT_EQ(line_of(cluster.shell("sort -n each | tr '\\n' ' '")), "0 1 3");
  const auto unknown = cluster.shell("cox submit -d afterok:999 -- true");
  EXPECT_EQ(unknown.status, 3);
  EXPECT_NE(unknown.output.find("dependency on job 999: there is no such job yet"),
            std::string::npos)
      << unknown.output;
  cluster.expect_nothing_left();
}

TEST(Dependencies, corresponding_elements_and_singletons) {
  Cluster cluster;
  const std::string first =
      submit(cluster, "-a 0-3 -- sh -c 'echo a$COX_ARRAY_INDEX >> order; sleep 0.1'");
  const std::string second = submit(
      cluster, "-a 0-3 -d aftercorr:" + first + " -- sh -c 'echo b$COX_ARRAY_INDEX >> order'");
  EXPECT_EQ(cluster.shell("cox wait -q " + second).status, 0);
  const std::string order = cluster.file("order");
  for (const char* index : {"0", "1", "2", "3"}) {
    EXPECT_LT(order.find(std::string("a") + index), order.find(std::string("b") + index)) << order;
  }
  for (int i = 0; i < 4; ++i) {
    submit(cluster,
           "-J one --label app=cfd -d singleton -- sh -c 'mkdir lock && sleep 0.1 && "
           "rmdir lock'");
  }
  EXPECT_EQ(cluster.shell("cox wait -l app=cfd").status, 0) << "two ran at once";
  cluster.expect_nothing_left();
}

TEST(Dependencies, a_begin_time_outlasts_the_controller) {
  Cluster cluster;
  const std::string id = submit(cluster, "-b now+2 -- true");
  cluster.kill_controller();
  cluster.start_controller();
  EXPECT_EQ(cluster.shell("cox wait -q " + id).status, 0);
  const auto job = cluster.client().view(std::stoull(id));
  EXPECT_GE(job.started_us(), job.request().begin_us());
  EXPECT_NE(job.request().begin_us(), 0);
  cluster.expect_nothing_left();
}

TEST(Endings, a_signal_before_the_limit_is_for_the_tasks_of_steps) {
  Cluster cluster;
  cluster.write("steps.sh",
                "#!/bin/bash\ntrap 'echo script >> got' USR1\n"
                "cox run bash -c 'trap \"echo task >> got; exit 0\" USR1; "
                "while :; do sleep 0.05; done'\n");
  const std::string id = submit(cluster, "-t 1 --signal USR1@58 steps.sh");
  EXPECT_EQ(cluster.shell("cox wait -q " + id).status, 0);
  EXPECT_EQ(cluster.file("got"), "task\n");
  cluster.expect_nothing_left();
}

TEST(Endings, a_retry_finds_out_why_it_runs_again) {
  Cluster cluster;
  const std::string id =
      submit(cluster,
             "--retry 3:75 -- sh -c 'echo \"$COX_ATTEMPT $COX_REQUEUE_CAUSE "
             "$COX_REQUEUE_EXIT_CODE\" >> tries; test $COX_ATTEMPT = 3 || exit 75'");
  EXPECT_EQ(cluster.shell("cox wait -q " + id).status, 0);
  EXPECT_EQ(cluster.file("tries"), "1  \n2 exit_code 75\n3 exit_code 75\n");
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
