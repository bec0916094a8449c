// What a step and its job ask of a binding, where it is refused, and which ranks stand where.
#include "core/job/step_binding.h"

#include <gtest/gtest.h>

#include "core/job/lifecycle.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

/// A job of two nodes with four cores in two caches each, that runs, and its steps.
struct BoundSteps {
  explicit BoundSteps(const FleetBuilder& kind = fleet().cores(4).numa(2)) : cluster(kind) {
    id = cluster.run(cox::testing::job().nodes(2).tasks(8));
  }

  static StepRequest asking(const std::string& bind, const std::string& distribution = "") {
    StepRequest request;
    request.argv = {"true"};
    if (!bind.empty()) request.bind = *parse_bind(bind);
    if (!distribution.empty()) request.distribution = *parse_distribution(distribution);
    return request;
  }

  std::string refusal(const StepRequest& request) {
    const auto asked = cluster.ask(CreateStep{ada(), id, request, {}});
    return asked.has_value() ? "none" : asked.error().message;
  }

  const Step& begin(const StepRequest& request) {
    EXPECT_EQ(refusal(request), "none");
    cluster.answer_all();
    return cluster.job(id).run->steps.back();
  }

  /// Of the share at `index`: cores of each task, or why there are none.
  std::string bound(const Step& step, std::size_t index) const {
    const Job& job = cluster.job(id);
    const StepBinder binder(cluster.state.record, job.request, partition_of(job),
                            job.run->allocation);
    const auto made = binder.bind(step.request, step.shares.at(index));
    if (!made) return made.error().message;
    std::string text = made->not_bound;
    for (const TaskBinding& task : made->plan.tasks) {
      text += (text.empty() ? "" : " ") + task.cores.to_ranges();
    }
    return text;
  }

  std::vector<std::uint32_t> ranks(const Step& step, std::size_t index) const {
    return ranks_of(cluster.job(id).request, step.request, step.shares, index);
  }

  Cluster cluster;
  JobId id;
};

using Ranks = std::vector<std::uint32_t>;

TEST(StepBinding, shares_the_cores_of_each_node_among_its_tasks) {
  BoundSteps steps;
  EXPECT_EQ(steps.bound(steps.begin(BoundSteps::asking("")), 1), "0 1 2 3");
}

TEST(StepBinding, of_an_exact_step_is_within_its_part) {
  BoundSteps steps;
  StepRequest request = BoundSteps::asking("numa");
  request.sharing = StepSharing::exact;
  request.tasks = 3;
  request.nodes = 1;
  EXPECT_EQ(steps.bound(steps.begin(request), 0), "0-1 0-1 2");
}

TEST(StepBinding, too_many_tasks_are_not_bound_unless_it_was_asked_for) {
  BoundSteps steps;
  StepRequest request = BoundSteps::asking("auto");
  request.nodes = 1;
  request.tasks = 4;
  request.cpus_per_task = 1;
  EXPECT_EQ(steps.bound(steps.begin(request), 0), "0 1 2 3");
  EXPECT_EQ(steps.refusal(BoundSteps::asking("list:0-7")),
            "node n0: --bind list: core 4 is none of the job's, which are 0-3");
  EXPECT_EQ(steps.refusal(BoundSteps::asking("gpu")),
            "node n0: --bind gpu: the step has no GPU (see: --gpus)");
  StepRequest exact = BoundSteps::asking("list:0");
  exact.sharing = StepSharing::exact;
  EXPECT_EQ(steps.refusal(exact).find("--bind list: which cores an exact step gets"), 0U);
}

TEST(StepBinding, is_that_of_the_job_where_the_step_asks_for_none) {
  Cluster cluster;
  JobRequest job = std::get<SubmitJob>(Request(cox::testing::job().nodes(1).submit(0))).request;
  job.common.edit().bind = *parse_bind("socket");
  job.common.edit().distribution = *parse_distribution("plane=2");
  EXPECT_EQ(to_text(bind_of(job, BoundSteps::asking(""))), "socket");
  EXPECT_EQ(to_text(bind_of(job, BoundSteps::asking("none"))), "none");
  EXPECT_EQ(to_text(distribution_of(job, BoundSteps::asking(""))), "plane=2");
  EXPECT_EQ(to_text(distribution_of(job, BoundSteps::asking("", "block"))), "block");
  const JobRequest plain;
  EXPECT_EQ(to_text(bind_of(plain, {})), "auto");
  EXPECT_EQ(to_text(distribution_of(plain, {})), "block");
}

TEST(StepBinding, is_planned_and_said_not_to_be_carried_out_on_shared_and_other_machines) {
  BoundSteps steps;
  const Step step = steps.begin(BoundSteps::asking("core"));
  Node& node = steps.cluster.state.record.nodes[0];
  node.is_thissystem = false;
  EXPECT_EQ(steps.bound(step, 0), "its topology is not this machine's 0 1 2 3");
  node.shares_machine = true;
  EXPECT_EQ(steps.bound(step, 0), "the node shares this machine with others 0 1 2 3");
  EXPECT_EQ(steps.bound(step, 1), "0 1 2 3");
}

TEST(StepBinding, of_a_node_that_came_back_smaller_is_refused_and_not_guessed) {
  BoundSteps steps;
  const Step step = steps.begin(BoundSteps::asking("core"));
  steps.cluster.state.record.classes[0].cores.resize(2);
  EXPECT_EQ(steps.bound(step, 0), "node n0 has changed since");
}

TEST(StepRanks, follow_the_nodes_or_are_dealt_in_turn) {
  BoundSteps steps;
  StepRequest request = BoundSteps::asking("", "cyclic");
  request.tasks = 5;
  const Step cyclic = steps.begin(request);
  EXPECT_EQ(steps.ranks(cyclic, 0), (Ranks{0, 2, 4}));
  EXPECT_EQ(steps.ranks(cyclic, 1), (Ranks{1, 3}));
  Step block = cyclic;
  block.request.distribution = {};
  EXPECT_EQ(steps.ranks(block, 0), (Ranks{0, 1, 2}));
  EXPECT_EQ(steps.ranks(block, 1), (Ranks{3, 4}));
}

TEST(StepBinding, that_an_initial_step_cannot_have_holds_its_job_with_the_reason) {
  Cluster cluster;
  SubmitJob submit = std::get<SubmitJob>(Request(cox::testing::job().nodes(1).submit(0)));
  JobCommon& common = submit.request.common.edit();
  common.kind = JobKind::interactive;
  common.has_initial_step = true;
  common.initial_step = BoundSteps::asking("gpu");
  EXPECT_EQ(cluster.ask(submit).error().message,
            "--bind gpu: the job asks for no GPU (see: --gpus)");
  common.initial_step = BoundSteps::asking("list:9");
  const JobId id = cluster.state.record.next_job;
  ASSERT_TRUE(cluster.ask(submit));
  cluster.schedule();
  EXPECT_EQ(cluster.job(id).phase, JobPhase::pending);
  EXPECT_EQ(cluster.job(id).hold, Hold::by_system);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

}  // namespace
}  // namespace cox::core
