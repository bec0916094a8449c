// srun's options as words of `cox run`.
#include "cmds/slurm/srun_request.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "cmds/slurm/srun_options.h"

namespace cox::cmds::slurm {
namespace {

class Srun : public ::testing::Test {
 protected:
  void set(const char* name, const char* value) {
    ::setenv(name, value, 1);
    names_.push_back(name);
  }

  void enter_job() {
    set("SLURM_JOB_ID", "7");
    set("SLURM_JOB_NUM_NODES", "2");
    set("SLURM_NTASKS", "4");
    set("SLURM_NTASKS_PER_NODE", "2");
    set("SLURM_CPUS_PER_TASK", "3");
    set("COX_CPUS_PER_TASK", "3");
    set("SLURM_MEM_PER_NODE", "1000");
    set("SLURM_GPUS_PER_NODE", "2");
    set("SLURM_JOB_PARTITION", "batch");
  }

  void TearDown() override {
    for (const char* name : names_) ::unsetenv(name);
  }

  /// "ntasks=4 within=7 ", or the error; behind '|' what is said.
  static std::string told(std::vector<std::string> words) {
    words.emplace_back("true");
    const auto given = read_words(srun_options(), words, Stop::at_operand);
    if (!given) return given.error().message;
    const auto asked = read_srun(*given);
    if (!asked) return asked.error().message;
    std::string text;
    for (const GivenOption& option : asked->words.options) {
      text +=
          std::string(option.spec->name) + (option.value.empty() ? "" : "=" + option.value) + " ";
    }
    for (const std::string& note : asked->visible) text += "| " + note;
    return text;
  }

 private:
  std::vector<const char*> names_;
};

TEST_F(Srun, OutsideAJobTakesOneOfItsOwn) {
  EXPECT_EQ(told({"-N2", "-n", "4", "-p", "debug"}),
            "nodes=2 ntasks=4 partition=debug no-kill-on-bad-exit new ");
  set("SLURM_PARTITION", "night");
  set("SLURM_TIMELIMIT", "10");
  set("SLURM_LABELIO", "1");
  EXPECT_EQ(told({"-K", "-t5"}), "partition=night time=10 time=5 label-output new ");
}

TEST_F(Srun, ContractTrap22InAJobTakesItsNumbersFromThere) {
  enter_job();
  EXPECT_EQ(told({}), "ntasks=4 ntasks-per-node=2 no-kill-on-bad-exit within=7 ");
  EXPECT_EQ(told({"-n1"}), "ntasks=4 ntasks=1 no-kill-on-bad-exit within=7 ");
  EXPECT_EQ(told({"-N2", "--ntasks-per-node=1"}),
            "ntasks-per-node=2 nodes=2 ntasks-per-node=1 no-kill-on-bad-exit within=7 ");
  EXPECT_EQ(told({"-w", "n2"}), "ntasks-per-node=2 nodelist=n2 no-kill-on-bad-exit within=7 ");
}

TEST_F(Srun, WhatAJobIsIsNoRequestOfAStep) {
  enter_job();
  set("SRUN_CPUS_PER_TASK", "2");
  EXPECT_EQ(told({"-n1"}), "ntasks=4 cpus-per-task=2 ntasks=1 no-kill-on-bad-exit within=7 ");
}

TEST_F(Srun, OptionsOfAJobAreToldToMeanNothingToAStep) {
  enter_job();
  EXPECT_EQ(told({"-n1", "-A", "x", "-p", "y", "--dependency=singleton"}),
            "ntasks=4 ntasks=1 no-kill-on-bad-exit within=7 "
            "| --dependency: is the job's, and means nothing to a step");
}

TEST_F(Srun, HowStepsShareTheJob) {
  EXPECT_EQ(told({"--exclusive"}), "exclusive no-kill-on-bad-exit new ");
  EXPECT_EQ(told({"--jobid=5", "--exclusive"}), "exact no-kill-on-bad-exit within=5 ");
  EXPECT_EQ(told({"--jobid=5", "--external-launcher", "-n2"}),
            "overlap mpi=none ntasks=2 no-kill-on-bad-exit within=5 ");
  EXPECT_EQ(told({"--exclusive=user"}), "exclusive=user no-kill-on-bad-exit new ");
  EXPECT_EQ(told({"--exclusive=mcs"}), "--exclusive=mcs: not supported");
}

TEST_F(Srun, MpiThatIsNamedEndsWithItsFirstFailure) {
  EXPECT_EQ(told({"--mpi=pmi2"}), "mpi=pmi2 new ");
  EXPECT_EQ(told({"--mpi=pmix_v4"}), "mpi=pmix new ");
  EXPECT_EQ(told({"--mpi=pmi2", "-K0"}), "mpi=pmi2 no-kill-on-bad-exit new ");
  EXPECT_EQ(told({"--mpi=none"}), "mpi=none no-kill-on-bad-exit new ");
}

TEST_F(Srun, ABindingIsHonouredOrToldOrRefused) {
  set("SLURM_CPU_BIND", "none");
  EXPECT_EQ(told({"-n2", "-N2", "--ntasks-per-node=1"}).find("|"), std::string::npos)
      << "one task has all there is";
  EXPECT_EQ(told({"--cpu-bind=map_cpu:1"}),
            "--cpu-bind=map_cpu:1: none, cores, threads, sockets or ldoms is expected");
  EXPECT_EQ(told({"--cpu-bind=verbose,cores"}).substr(0, 12), "show-binding");
  set("SLURM_CPU_BIND", "quiet,mask_cpu:0x1");
  EXPECT_EQ(told({"-n1"}), "ntasks=1 no-kill-on-bad-exit new ") << "that of an outer step";
}

TEST_F(Srun, FewerTasksThanNodesAreSaid) {
  EXPECT_EQ(told({"-N3", "-n2"}),
            "ntasks=2 nodes=2 no-kill-on-bad-exit new "
            "| Warning: can't run 2 processes on 3 nodes, setting nnodes to 2");
}

TEST_F(Srun, RelativeNodesAreThoseOfTheJob) {
  enter_job();
  set("SLURM_JOB_NODELIST", "n[1-3]");
  EXPECT_EQ(told({"-r1", "-n1"}),
            "ntasks=4 ntasks=1 nodelist=n[2-3] no-kill-on-bad-exit within=7 ");
  EXPECT_EQ(told({"-r3"}), "--relative 3: the job has 3 nodes, from 0");
}

}  // namespace
}  // namespace cox::cmds::slurm
