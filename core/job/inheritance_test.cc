// Trap 26: what a step has of its job when it says nothing itself. A change of any line here slows
// codes in production without an error, so it is a change of man/cox-run.1 first.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/job/lifecycle.h"
#include "core/job/step_binding.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

/// "2+1 tasks x 3 cores of 0-7, memory of the job, exact": a step of a job, as a line.
std::string inherited(const JobBuilder& what, const StepRequest& asked) {
  Cluster cluster(fleet().nodes(2).cores(8).numa(2).memory_mib(8000));
  const JobId id = cluster.run(what);
  StepRequest request = asked;
  request.argv = {"true"};
  if (!cluster.ask(CreateStep{ada(), id, request, {}})) return "refused";
  const Job& job = cluster.job(id);
  const Step& step = *find_step(job, StepId{0});
  std::string tasks, cores, memory;
  for (const StepShare& share : step.shares) {
    const NodeShare& held = job.run->allocation.nodes[*node_position(job, share.node)];
    const bool is_whole = share.part == NodeShare{};
    const NodeShare& used = is_whole ? held : share.part;
    std::int64_t mib = 0;
    for (const std::int64_t one : used.memory_mib) mib += one;
    tasks += (tasks.empty() ? "" : "+") + std::to_string(share.tasks);
    cores += (cores.empty() ? "" : "+") + std::to_string(used.cores.count());
    memory += (memory.empty() ? "" : "+") + (is_whole ? "all" : std::to_string(mib));
  }
  return tasks + " tasks on " + cores + " cores, memory " + memory;
}

TEST(Trap26, AStepThatSaysNothingHasTheShapeOfItsJobAndAllThatTheJobHolds) {
  const StepRequest nothing;
  EXPECT_EQ(inherited(job().tasks(4), nothing), "4 tasks on 4 cores, memory all");
  EXPECT_EQ(inherited(job().nodes(2).tasks(3), nothing), "2+1 tasks on 2+1 cores, memory all+all");
  EXPECT_EQ(inherited(job().nodes(2).tasks_per_node(2), nothing),
            "2+2 tasks on 2+2 cores, memory all+all");
  EXPECT_EQ(inherited(job().tasks(2).cpus(3), nothing), "2 tasks on 6 cores, memory all");
  EXPECT_EQ(inherited(job().tasks(2).exclusive(), nothing), "2 tasks on 8 cores, memory all");
  EXPECT_EQ(inherited(job().tasks(2).memory_mib(3000), nothing), "2 tasks on 2 cores, memory all");
}

TEST(Trap26, WhatAStepSaysReplacesThatOnlyAndItStillHasAllOfItsNodes) {
  StepRequest tasks;
  tasks.tasks = 1;
  EXPECT_EQ(inherited(job().tasks(4), tasks), "1 tasks on 4 cores, memory all");
  StepRequest nodes;
  nodes.nodes = 1;
  EXPECT_EQ(inherited(job().nodes(2).tasks(4), nodes), "2 tasks on 2 cores, memory all");
  StepRequest per_node;
  per_node.tasks_per_node = 1;
  EXPECT_EQ(inherited(job().nodes(2).tasks(4), per_node), "1+1 tasks on 2+2 cores, memory all+all");
}

TEST(Trap26, AnExactStepHasTheCpusOfTheJobsTasksForEachOfItsOwn) {
  StepRequest exact;
  exact.sharing = StepSharing::exact;
  exact.tasks = 1;
  EXPECT_EQ(inherited(job().tasks(2).cpus(3).memory_mib(4000), exact),
            "1 tasks on 3 cores, memory 0")
      << "and the job's memory, without a limit of its own";
  exact.cpus_per_task = 2;
  EXPECT_EQ(inherited(job().tasks(2).cpus(3).memory_mib(4000), exact),
            "1 tasks on 2 cores, memory 0");
}

}  // namespace
}  // namespace cox::core
