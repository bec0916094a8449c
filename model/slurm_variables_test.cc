// The variables of a job by the table of what existing scripts and libraries read.
#include "model/slurm_variables.h"

#include <gtest/gtest.h>

#include <map>

namespace cox {
namespace {

JobRequest request() {
  JobRequest job;
  job.name = "solve";
  JobCommon& common = job.common.edit();
  common.user.uid = 1000;
  common.user.gid = 100;
  common.user.name = "ada";
  common.submit_host = "login1";
  common.components.emplace_back();
  return job;
}

SlurmJob job_of(const JobRequest& request) {
  SlurmJob job;
  job.job = JobId{12};
  job.request = &request;
  job.partition = "batch";
  job.cluster = "green";
  job.submit_directory = "/home/ada";
  job.nodes = {"n1", "n2", "n3"};
  job.tasks = {2, 2, 1};
  job.cpus = {8, 8, 4};
  job.memory_mib = 4000;
  return job;
}

using Table = std::map<std::string, std::string>;

Table table_of(const SlurmJob& job) {
  Table table;
  for (const std::string& entry : slurm_job_variables(job)) {
    const std::size_t equals = entry.find('=');
    EXPECT_TRUE(table.emplace(entry.substr(0, equals), entry.substr(equals + 1)).second) << entry;
  }
  return table;
}

TEST(SlurmVariables, ContractTrap14OfAJobThatAskedForEverything) {
  JobRequest asked = request();
  JobCommon& common = asked.common.edit();
  common.account = "physics";
  common.qos = "high";
  Component& part = common.components.front();
  part.tasks = 5;
  part.tasks_per_node = 2;
  part.cpus_per_task = 4;
  part.memory_per_node_mib = 2000;
  part.devices = {{"gpu", "a100", 2}, {"fpga", "", 1}};
  SlurmJob job = job_of(asked);
  job.restarts = 1;
  const Table expected = {{"SLURM_JOB_ID", "12"},
                          {"SLURM_JOBID", "12"},
                          {"SLURM_JOB_NAME", "solve"},
                          {"SLURM_JOB_PARTITION", "batch"},
                          {"SLURM_JOB_USER", "ada"},
                          {"SLURM_JOB_UID", "1000"},
                          {"SLURM_JOB_GID", "100"},
                          {"SLURM_JOB_ACCOUNT", "physics"},
                          {"SLURM_JOB_QOS", "high"},
                          {"SLURM_CLUSTER_NAME", "green"},
                          {"SLURM_SUBMIT_DIR", "/home/ada"},
                          {"SLURM_SUBMIT_HOST", "login1"},
                          {"SLURM_RESTART_COUNT", "1"},
                          {"SLURM_JOB_NODELIST", "n[1-3]"},
                          {"SLURM_NODELIST", "n[1-3]"},
                          {"SLURM_NODE_ALIASES", "(null)"},
                          {"SLURM_JOB_NUM_NODES", "3"},
                          {"SLURM_NNODES", "3"},
                          {"SLURM_JOB_CPUS_PER_NODE", "8(x2),4"},
                          {"SLURM_TASKS_PER_NODE", "2(x2),1"},
                          {"SLURM_NTASKS", "5"},
                          {"SLURM_NPROCS", "5"},
                          {"SLURM_NTASKS_PER_NODE", "2"},
                          {"SLURM_CPUS_PER_TASK", "4"},
                          {"SLURM_MEM_PER_NODE", "2000"},
                          {"SLURM_GPUS_PER_NODE", "a100:2"},
                          {"SLURM_GPUS_ON_NODE", "2"}};
  EXPECT_EQ(table_of(job), expected);
}

TEST(SlurmVariables, ContractTrap15WhatWasNotAskedForIsNotSet) {
  const JobRequest asked = request();
  const Table table = table_of(job_of(asked));
  for (const char* name :
       {"SLURM_NTASKS", "SLURM_NPROCS", "SLURM_NTASKS_PER_NODE", "SLURM_CPUS_PER_TASK",
        "SLURM_JOB_ACCOUNT", "SLURM_JOB_QOS", "SLURM_RESTART_COUNT", "SLURM_MEM_PER_CPU",
        "SLURM_GPUS_PER_NODE", "SLURM_GPUS_ON_NODE"}) {
    EXPECT_FALSE(table.contains(name)) << name;
  }
  EXPECT_EQ(table.at("SLURM_MEM_PER_NODE"), "4000") << "what it got";
}

TEST(SlurmVariables, ContractTrap17TasksPerNodeAreWhatFitsWhereNoneWereAskedFor) {
  JobRequest asked = request();
  EXPECT_EQ(table_of(job_of(asked)).at("SLURM_TASKS_PER_NODE"), "8(x2),4");
  asked.common.edit().components.front().cpus_per_task = 3;
  EXPECT_EQ(table_of(job_of(asked)).at("SLURM_TASKS_PER_NODE"), "2(x2),1");
  SlurmJob unknown = job_of(asked);
  unknown.cpus.clear();
  const Table table = table_of(unknown);
  EXPECT_EQ(table.at("SLURM_TASKS_PER_NODE"), "2(x2),1");
  EXPECT_FALSE(table.contains("SLURM_JOB_CPUS_PER_NODE"));
}

TEST(SlurmVariables, MemoryIsToldInOneWay) {
  JobRequest asked = request();
  asked.common.edit().components.front().memory_per_cpu_mib = 500;
  const Table table = table_of(job_of(asked));
  EXPECT_EQ(table.at("SLURM_MEM_PER_CPU"), "500");
  EXPECT_FALSE(table.contains("SLURM_MEM_PER_NODE"));
}

TEST(SlurmVariables, ProcessorsAsMasks) {
  EXPECT_EQ(cpu_masks({"0-3", "4-7,64"}), "0xf,0x100000000000000f0");
  EXPECT_EQ(cpu_masks({"0", "1,3"}), "0x1,0xa");
  EXPECT_EQ(cpu_masks({"", "x", "3-1"}), "0x0,0x0,0x0");
  EXPECT_EQ(cpu_masks({}), "");
}

}  // namespace
}  // namespace cox
