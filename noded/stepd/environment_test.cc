// The environment of tasks.
#include "noded/stepd/environment.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "noded/stepd/plan_builder.h"

namespace cox::stepd {
namespace {

std::string exported(const std::vector<std::string>& entries) {
  std::string text;
  for (const std::string& entry : entries) {
    text += entry;
    text += '\0';
  }
  return text;
}

std::string value(const std::vector<std::string>& environment, const std::string& name) {
  const char* found = find_variable(environment, name);
  return found == nullptr ? "(unset)" : found;
}

TEST(Environment, variables_of_an_outer_job_are_removed) {
  StepPlan plan = batch_plan();
  plan.environment = exported({"COX_JOB_ID=7", "COX_RANK=3", "SLURM_STEP_ID=8", "SLURM_X=1",
                               "PMIX_RANK=1", "PMI_FD=9", "OMPI_COMM_WORLD_SIZE=4",
                               "OMPI_MCA_ess=pmi", "OMPI_MCA_schizo=^orte", "KEPT=1"});
  const auto environment = common_environment(plan);
  EXPECT_EQ(value(environment, "COX_JOB_ID"), "12");
  for (const char* name : {"COX_RANK", "SLURM_STEP_ID", "SLURM_X", "PMIX_RANK", "PMI_FD",
                           "OMPI_COMM_WORLD_SIZE", "OMPI_MCA_ess", "OMPI_MCA_schizo"}) {
    EXPECT_EQ(value(environment, name), "(unset)") << name;
  }
  EXPECT_EQ(value(environment, "KEPT"), "1");
}

TEST(Environment, an_element_of_an_array_knows_itself_and_the_array) {
  StepPlan plan = batch_plan();
  plan.environment = exported({"SLURM_ARRAY_TASK_ID=99", "COX_ARRAY_INDEX=99"});
  EXPECT_EQ(value(common_environment(plan), "SLURM_ARRAY_TASK_ID"), "(unset)");
  EXPECT_EQ(value(common_environment(plan), "COX_ARRAY_INDEX"), "(unset)");
  plan.element = {JobId{10}, 4, 3, 2, 6, 2};
  const auto environment = common_environment(plan);
  EXPECT_EQ(value(environment, "COX_JOB_ID"), "12");
  EXPECT_EQ(value(environment, "COX_ARRAY_ID"), "10");
  EXPECT_EQ(value(environment, "COX_ARRAY_INDEX"), "4");
  EXPECT_EQ(value(environment, "SLURM_ARRAY_JOB_ID"), "10");
  EXPECT_EQ(value(environment, "SLURM_ARRAY_TASK_ID"), "4");
  EXPECT_EQ(value(environment, "SLURM_ARRAY_TASK_COUNT"), "3");
  EXPECT_EQ(value(environment, "SLURM_ARRAY_TASK_MIN"), "2");
  EXPECT_EQ(value(environment, "SLURM_ARRAY_TASK_MAX"), "6");
  EXPECT_EQ(value(environment, "SLURM_ARRAY_TASK_STEP"), "2");
}

TEST(Environment, an_attempt_that_follows_another_knows_why) {
  StepPlan plan = batch_plan();
  plan.key.attempt = Attempt{2};
  const auto first = common_environment(plan);
  EXPECT_EQ(value(first, "COX_REQUEUE_REASON"), "(unset)");
  plan.before = {EndCause::finished, 75, "exit code 75, retry 1 of 3", 1};
  const auto again = common_environment(plan);
  EXPECT_EQ(value(again, "COX_RESTART_COUNT"), "1");
  EXPECT_EQ(value(again, "COX_REQUEUE_CAUSE"), "exit_code");
  EXPECT_EQ(value(again, "COX_REQUEUE_EXIT_CODE"), "75");
  EXPECT_EQ(value(again, "COX_REQUEUE_REASON"), "exit code 75, retry 1 of 3");
}

TEST(Environment, the_users_open_mpi_settings_are_kept) {
  StepPlan plan = batch_plan();
  plan.environment = exported({"OMPI_MCA_btl=tcp,self"});
  EXPECT_EQ(value(common_environment(plan), "OMPI_MCA_btl"), "tcp,self");
}

TEST(Environment, gpus_of_the_job_are_named_to_their_libraries) {
  StepPlan plan = two_node_plan();
  plan.environment = exported({"CUDA_VISIBLE_DEVICES=7", "CUDA_DEVICE_ORDER=FASTEST_FIRST"});
  plan.nvidia_gpus = "0,2";
  for (const std::uint32_t task : {0U, 1U}) {
    const auto environment = task_environment(plan, common_environment(plan), task);
    EXPECT_EQ(value(environment, "CUDA_VISIBLE_DEVICES"), "0,2");
    EXPECT_EQ(value(environment, "CUDA_DEVICE_ORDER"), "PCI_BUS_ID");
    EXPECT_EQ(value(environment, "ROCR_VISIBLE_DEVICES"), "(unset)");
  }
  plan.nvidia_gpus.clear();
  plan.amd_gpus = "1";
  const auto environment = common_environment(plan);
  EXPECT_EQ(value(environment, "ROCR_VISIBLE_DEVICES"), "1");
  EXPECT_EQ(value(environment, "CUDA_VISIBLE_DEVICES"), "7") << "the user's own";
}

TEST(Environment, a_step_without_gpus_in_a_job_that_has_some_sees_none) {
  StepPlan plan = two_node_plan();
  plan.environment = exported({"CUDA_VISIBLE_DEVICES=0,1", "COX_JOB_ID=12"});
  plan.hides_gpus = true;
  const auto environment = common_environment(plan);
  EXPECT_EQ(value(environment, "CUDA_VISIBLE_DEVICES"), "");
  EXPECT_EQ(value(environment, "ROCR_VISIBLE_DEVICES"), "");
}

TEST(Environment, gpus_of_another_job_are_not_passed_on) {
  StepPlan plan = batch_plan();
  plan.environment = exported({"CUDA_VISIBLE_DEVICES=0", "ROCR_VISIBLE_DEVICES=1", "COX_JOB_ID=7"});
  const auto in_another = common_environment(plan);
  EXPECT_EQ(value(in_another, "CUDA_VISIBLE_DEVICES"), "(unset)");
  EXPECT_EQ(value(in_another, "ROCR_VISIBLE_DEVICES"), "(unset)");
  plan.environment = exported({"COX_JOB_ID=12", "CUDA_VISIBLE_DEVICES=0"});
  EXPECT_EQ(value(common_environment(plan), "CUDA_VISIBLE_DEVICES"), "0");
}

// A task that sees one GPU alone cannot copy to its neighbour's.
TEST(Trap27, every_task_of_a_node_sees_all_gpus_of_the_job_there) {
  StepPlan plan = two_node_plan();
  plan.nvidia_gpus = "0,2,3";
  plan.amd_gpus = "1,4";
  const auto common = common_environment(plan);
  for (std::uint32_t task = 0; task < plan.here().tasks; ++task) {
    const auto own = task_environment(plan, common, task);
    EXPECT_EQ(value(own, "CUDA_VISIBLE_DEVICES"), "0,2,3") << task;
    EXPECT_EQ(value(own, "ROCR_VISIBLE_DEVICES"), "1,4") << task;
  }
}

TEST(Environment, a_batch_script_sees_the_job_and_a_task_its_step) {
  const auto batch = common_environment(batch_plan());
  EXPECT_EQ(value(batch, "COX_STEP_ID"), "batch");
  EXPECT_EQ(value(batch, "COX_NTASKS"), "9");
  EXPECT_EQ(value(batch, "COX_NNODES"), "3");
  EXPECT_EQ(value(batch, "COX_NODELIST"), "n[1-3]");

  const StepPlan plan = two_node_plan();
  const auto task = task_environment(plan, common_environment(plan), 1);
  EXPECT_EQ(value(task, "COX_STEP_ID"), "0");
  EXPECT_EQ(value(task, "COX_NTASKS"), "6");
  EXPECT_EQ(value(task, "COX_NODELIST"), "n[1-2]");
  EXPECT_EQ(value(task, "COX_RANK"), "4");
  EXPECT_EQ(value(task, "COX_LOCAL_RANK"), "1");
  EXPECT_EQ(value(task, "COX_NODE_RANK"), "1");
  EXPECT_EQ(value(task, "COX_ATTEMPT"), "2");
  EXPECT_EQ(value(task, "COX_CLUSTER"), "/run/ctld.sock");
}

TEST(Environment, what_the_user_set_wins_over_our_defaults) {
  StepPlan plan = batch_plan();
  plan.cpus_per_task = 4;
  plan.cpus_per_task_given = true;
  const auto ours = common_environment(plan);
  EXPECT_EQ(value(ours, "OMP_NUM_THREADS"), "4");
  EXPECT_EQ(value(ours, "TMPDIR"), "/tmp/12.2");
  EXPECT_EQ(value(ours, "HOME"), "/home/ada");
  plan.environment = exported({"OMP_NUM_THREADS=2", "TMPDIR=/scratch", "HOME=/elsewhere"});
  const auto theirs = common_environment(plan);
  EXPECT_EQ(value(theirs, "OMP_NUM_THREADS"), "2");
  EXPECT_EQ(value(theirs, "TMPDIR"), "/scratch");
  EXPECT_EQ(value(theirs, "HOME"), "/elsewhere");
}

TEST(Environment, a_temporary_directory_of_another_node_or_job_is_not_taken_for_the_users) {
  StepPlan plan = batch_plan();
  plan.environment = exported({"TMPDIR=/tmp/n3/11.1", "COX_TMPDIR=/tmp/n3/11.1"});
  EXPECT_EQ(value(common_environment(plan), "TMPDIR"), "/tmp/12.2");
  EXPECT_EQ(value(common_environment(plan), "COX_TMPDIR"), "/tmp/12.2");
  plan.environment = exported({"TMPDIR=/scratch", "COX_TMPDIR=/tmp/n3/11.1"});
  EXPECT_EQ(value(common_environment(plan), "TMPDIR"), "/scratch");
}

TEST(Environment, threads_of_an_outer_job_are_not_taken_for_the_users) {
  StepPlan plan = batch_plan();
  plan.cpus_per_task = 4;
  plan.cpus_per_task_given = true;
  plan.environment = exported({"OMP_NUM_THREADS=2", "COX_OMP_NUM_THREADS=2"});
  EXPECT_EQ(value(common_environment(plan), "OMP_NUM_THREADS"), "4");
  plan.environment = exported({"OMP_NUM_THREADS=3", "COX_OMP_NUM_THREADS=2"});
  EXPECT_EQ(value(common_environment(plan), "OMP_NUM_THREADS"), "3");
  plan.environment = exported({"OMP_NUM_THREADS=2", "COX_OMP_NUM_THREADS=2"});
  plan.cpus_per_task_given = false;
  EXPECT_EQ(value(common_environment(plan), "OMP_NUM_THREADS"), "(unset)");
}

TEST(Environment, threads_are_not_set_unless_cpus_per_task_was_given) {
  EXPECT_EQ(value(common_environment(batch_plan()), "OMP_NUM_THREADS"), "(unset)");
}

/// Two cores for each task, bound.
StepPlan threaded_plan() {
  StepPlan plan = two_node_plan();
  plan.cpus_per_task = 2;
  plan.cpus_per_task_given = true;
  plan.task_cpus = {"0-3", "4-7", ""};
  plan.task_cores = {2, 1, 2};
  return plan;
}

std::vector<std::string> of_task(const StepPlan& plan, std::uint32_t task) {
  return task_environment(plan, common_environment(plan), task);
}

TEST(Environment, threads_of_a_bound_task_get_places_where_their_number_was_given) {
  StepPlan plan = threaded_plan();
  EXPECT_EQ(value(of_task(plan, 0), "OMP_PLACES"), "cores");
  EXPECT_EQ(value(of_task(plan, 0), "OMP_PROC_BIND"), "close");
  EXPECT_EQ(value(of_task(plan, 0), "COX_OMP_PLACES"), "cores");
  EXPECT_EQ(value(of_task(plan, 1), "OMP_PLACES"), "threads") << "two threads on one core";
  EXPECT_EQ(value(of_task(plan, 2), "OMP_PLACES"), "(unset)") << "it is not bound";
  plan.cpus_per_task_given = false;
  EXPECT_EQ(value(of_task(plan, 0), "OMP_PLACES"), "(unset)") << "it may be a launcher";
  EXPECT_EQ(value(of_task(plan, 0), "OMP_PROC_BIND"), "(unset)");
}

TEST(Environment, threads_that_the_user_placed_stay_so) {
  for (const char* own : {"OMP_PLACES=sockets", "OMP_PROC_BIND=false", "GOMP_CPU_AFFINITY=0-3",
                          "KMP_AFFINITY=compact", "KMP_HW_SUBSET=1c"}) {
    StepPlan plan = threaded_plan();
    plan.environment = exported({own});
    const auto environment = of_task(plan, 0);
    EXPECT_EQ(value(environment, "COX_OMP_PLACES"), "(unset)") << own;
    EXPECT_NE(std::find(environment.begin(), environment.end(), own), environment.end()) << own;
  }
  StepPlan plan = threaded_plan();
  plan.environment = exported({"OMP_PLACES=threads", "COX_OMP_PLACES=threads",
                               "OMP_PROC_BIND=close", "COX_OMP_PROC_BIND=close"});
  EXPECT_EQ(value(of_task(plan, 0), "OMP_PLACES"), "cores") << "an outer job's are not the user's";
}

TEST(Environment, the_nearest_gpu_is_told_as_its_place_among_the_visible_ones) {
  StepPlan plan = two_node_plan();
  plan.task_gpu = {3, 0};
  EXPECT_EQ(value(of_task(plan, 0), "COX_NEAREST_GPU"), "2");
  EXPECT_EQ(value(of_task(plan, 1), "COX_NEAREST_GPU"), "(unset)");
  EXPECT_EQ(value(of_task(plan, 2), "COX_NEAREST_GPU"), "(unset)");
}

TEST(Environment, ranks_are_those_of_the_distribution) {
  StepPlan plan = two_node_plan();
  plan.ranks = {{0, 2, 4}, {1, 3, 5}};
  plan.node_by_rank = {0, 1, 0, 1, 0, 1};
  EXPECT_EQ(value(of_task(plan, 1), "COX_RANK"), "3");
  EXPECT_EQ(value(of_task(plan, 1), "COX_LOCAL_RANK"), "1");
  EXPECT_EQ(plan.local_of(5), 2U);
  EXPECT_EQ(plan.node_of(4), 0U);
}

TEST(Environment, open_mpi_finds_the_server_and_yields_only_where_tasks_outnumber_cores) {
  StepPlan plan = two_node_plan();
  plan.cores = 3;
  std::vector<std::string> roomy;
  add_open_mpi_environment(plan, 8, &roomy);
  EXPECT_EQ(value(roomy, "OMPI_MCA_schizo"), "^orte");
  EXPECT_EQ(value(roomy, "OMPI_MCA_ess"), "pmi");
  EXPECT_EQ(value(roomy, "OMPI_MCA_mpi_yield_when_idle"), "(unset)");
  std::vector<std::string> crowded;
  add_open_mpi_environment(plan, 4, &crowded);  // six tasks of both nodes on this machine
  EXPECT_EQ(value(crowded, "OMPI_MCA_mpi_yield_when_idle"), "1");
}

RC_GTEST_PROP(Environment, any_exported_bytes_give_each_name_once, (const std::string& bytes)) {
  StepPlan plan = batch_plan();
  plan.environment = bytes;
  std::set<std::string> names;
  for (const std::string& entry : common_environment(plan)) {
    const std::size_t equals = entry.find('=');
    RC_ASSERT(equals != std::string::npos);
    RC_ASSERT(equals > 0U);
    RC_ASSERT(entry.find('\0') == std::string::npos);
    RC_ASSERT(names.insert(entry.substr(0, equals)).second);
  }
}

}  // namespace
}  // namespace cox::stepd
