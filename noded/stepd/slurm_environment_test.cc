// SLURM_... of scripts and tasks, line by line.
#include "noded/stepd/slurm_environment.h"

#include <gtest/gtest.h>

#include <map>

#include "noded/stepd/environment.h"
#include "noded/stepd/plan_builder.h"

namespace cox::stepd {
namespace {

StepPlan in_three_nodes(StepPlan plan) {
  plan.partition = "batch";
  plan.cluster = "green";
  plan.node_tasks = {3, 3, 3};
  plan.node_cpus = {4, 4, 8};
  plan.cpus = 4;
  plan.memory_mib = 1000;
  return plan;
}

/// All that a task finds whose name is Slurm's.
std::map<std::string, std::string> found(const StepPlan& plan, std::uint32_t task) {
  std::map<std::string, std::string> table;
  for (const std::string& entry : task_environment(plan, common_environment(plan), task)) {
    const std::size_t equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (!name.starts_with("SLURM") && name != "ENVIRONMENT") continue;
    EXPECT_TRUE(table.emplace(name, entry.substr(equals + 1)).second) << entry << ": twice";
  }
  return table;
}

using Table = std::map<std::string, std::string>;

const Table of_job = {{"SLURM_JOB_ID", "12"},
                      {"SLURM_JOBID", "12"},
                      {"SLURM_JOB_NAME", "solve"},
                      {"SLURM_JOB_PARTITION", "batch"},
                      {"SLURM_JOB_USER", "ada"},
                      {"SLURM_JOB_UID", "1000"},
                      {"SLURM_JOB_GID", "0"},
                      {"SLURM_CLUSTER_NAME", "green"},
                      {"SLURM_SUBMIT_DIR", "/home/ada/run"},
                      {"SLURM_RESTART_COUNT", "1"},
                      {"SLURM_JOB_NODELIST", "n[1-3]"},
                      {"SLURM_NODELIST", "n[1-3]"},
                      {"SLURM_NODE_ALIASES", "(null)"},
                      {"SLURM_JOB_NUM_NODES", "3"},
                      {"SLURM_JOB_CPUS_PER_NODE", "4(x2),8"},
                      {"SLURM_MEM_PER_NODE", "1000"},
                      {"SLURM_CPUS_ON_NODE", "4"},
                      {"SLURM_TOPOLOGY_ADDR_PATTERN", "node"},
                      {"SLURM_UMASK", "0022"},
                      {"SLURM_PRIO_PROCESS", "0"},
                      {"SLURM_TASK_PID", "0000000000"}};

Table with(Table more) {
  more.insert(of_job.begin(), of_job.end());
  return more;
}

TEST(SlurmEnvironment, ContractTrap16OfABatchScriptHasNothingOfAStep) {
  const Table expected = with({{"SLURM_NNODES", "3"},
                               {"SLURM_TASKS_PER_NODE", "4(x2),8"},
                               {"SLURM_PROCID", "0"},
                               {"SLURM_LOCALID", "0"},
                               {"SLURM_NODEID", "0"},
                               {"SLURM_GTIDS", "0"},
                               {"SLURMD_NODENAME", "n1"},
                               {"SLURM_TOPOLOGY_ADDR", "n1"},
                               {"ENVIRONMENT", "BATCH"}});
  EXPECT_EQ(found(in_three_nodes(batch_plan()), 0), expected);
}

TEST(SlurmEnvironment, OfATaskHasTheNumbersOfItsStep) {
  StepPlan plan = in_three_nodes(two_node_plan());
  plan.task_cpus = {"0-1", "2", "3"};
  plan.label_output = true;
  const Table expected = with({{"SLURM_STEP_ID", "0"},
                               {"SLURM_STEPID", "0"},
                               {"SLURM_STEP_NODELIST", "n[1-2]"},
                               {"SLURM_STEP_NUM_NODES", "2"},
                               {"SLURM_STEP_NUM_TASKS", "6"},
                               {"SLURM_STEP_TASKS_PER_NODE", "3(x2)"},
                               {"SLURM_NNODES", "2"},
                               {"SLURM_NTASKS", "6"},
                               {"SLURM_NPROCS", "6"},
                               {"SLURM_TASKS_PER_NODE", "3(x2)"},
                               {"SLURM_DISTRIBUTION", "block"},
                               {"SLURM_LABELIO", "1"},
                               {"SLURM_PROCID", "4"},
                               {"SLURM_LOCALID", "1"},
                               {"SLURM_NODEID", "1"},
                               {"SLURM_GTIDS", "3,4,5"},
                               {"SLURMD_NODENAME", "n2"},
                               {"SLURM_TOPOLOGY_ADDR", "n2"},
                               {"SLURM_CPU_BIND", "quiet,mask_cpu:0x3,0x4,0x8"},
                               {"SLURM_CPU_BIND_VERBOSE", "quiet"},
                               {"SLURM_CPU_BIND_TYPE", "mask_cpu:"},
                               {"SLURM_CPU_BIND_LIST", "0x3,0x4,0x8"}});
  EXPECT_EQ(found(plan, 1), expected);
}

TEST(SlurmEnvironment, OfATaskThatIsNotBoundSaysSo) {
  const Table table = found(in_three_nodes(two_node_plan()), 0);
  EXPECT_EQ(table.at("SLURM_CPU_BIND_TYPE"), "none");
  EXPECT_EQ(table.at("SLURM_CPU_BIND_LIST"), "");
}

TEST(SlurmEnvironment, ListsThatLaunchersAndTheKernelRefuseAreLeftOut) {
  StepPlan plan = in_three_nodes(two_node_plan());
  plan.nodes = {{"n1", 1, 0, ""}, {"n2", 16'000, 1, ""}};
  plan.tasks = 16'001;
  plan.task_cpus.assign(16'000, "0-255");
  const Table table = found(plan, 0);
  EXPECT_FALSE(table.contains("SLURM_GTIDS"));
  EXPECT_FALSE(table.contains("SLURM_CPU_BIND"));
  EXPECT_EQ(table.at("SLURM_STEP_TASKS_PER_NODE"), "1,16000");
}

TEST(SlurmEnvironment, ContractTrap18WhatWasToBeExportedGoesOnToTheStepsOfAScript) {
  StepPlan plan = in_three_nodes(batch_plan());
  plan.environment = std::string("SLURM_EXPORT_ENV=NONE\0SLURM_STEP_ID=3\0", 39);
  const Table table = found(plan, 0);
  EXPECT_EQ(table.at("SLURM_EXPORT_ENV"), "NONE");
  EXPECT_FALSE(table.contains("SLURM_STEP_ID"));
}

TEST(SlurmEnvironment, TheFolderOfTheCommandsIsLastInPath) {
  std::vector<std::string> environment = {"A=1", "PATH=/bin:/opt/slurm"};
  append_to_path("/opt/slurm", &environment);
  append_to_path("", &environment);
  EXPECT_EQ(environment[1], "PATH=/bin:/opt/slurm");
  append_to_path("/usr/libexec/coxswain/slurm", &environment);
  EXPECT_EQ(environment[1], "PATH=/bin:/opt/slurm:/usr/libexec/coxswain/slurm");
}

}  // namespace
}  // namespace cox::stepd
