// Plans for tests of the pure parts.
#pragma once

#include <string>
#include <vector>

#include "noded/stepd/plan.h"

namespace cox::stepd {

/// Step 0 of job 12 on n1 and n2 with three tasks each, seen from n2; argv is `true`.
inline StepPlan two_node_plan() {
  StepPlan plan;
  plan.key = StepKey{JobId{12}, Attempt{2}, StepId{0}};
  plan.job.name = "solve";
  plan.job.common.edit().user.uid = 1000;
  plan.job.common.edit().user.name = "ada";
  plan.job.common.edit().user.home = "/home/ada";
  plan.job.common.edit().user.shell = "/bin/bash";
  plan.argv = {"true"};
  plan.directory = "/data";
  plan.nodes = {{"n1", 3, 0, ""}, {"n2", 3, 3, ""}};
  plan.node_index = 1;
  plan.job_nodes = {"n1", "n2", "n3"};
  plan.job_tasks = 9;
  plan.tasks = 6;
  plan.node_name = "n2";
  plan.tmp_dir = "/tmp/12.2";
  plan.controller = "/run/ctld.sock";
  plan.submit_dir = "/home/ada/run";
  plan.client_io = true;
  return plan;
}

/// The batch step of job 12 on n1.
inline StepPlan batch_plan() {
  StepPlan plan = two_node_plan();
  plan.key.step = step_batch;
  plan.is_batch = true;
  plan.nodes = {{"n1", 1, 0, ""}};
  plan.node_index = 0;
  plan.node_name = "n1";
  plan.tasks = 1;
  plan.client_io = false;
  return plan;
}

}  // namespace cox::stepd
