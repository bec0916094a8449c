// Checks of StepStart. Whoever sent it is our own daemon, but what it carries came from a user.
#include "noded/stepd/plan.h"

#include <algorithm>

#include "common/bitset.h"
#include "common/text.h"
#include "wire/model_codec.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr int nodes_max = 200'000;
constexpr std::size_t gpu_numbers_bytes_max = 65'536;
constexpr std::uint32_t local_tasks_max = 16'384;

Failure bad_start(const std::string& what) {
  return fail(Code::bad_usage, "step start: " + what);
}

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

Result<void> take_nodes(const wire::StepSpec& spec, StepPlan* plan) {
  if (spec.nodes_size() == 0 || spec.nodes_size() > nodes_max) {
    return bad_start("number of nodes " + std::to_string(spec.nodes_size()));
  }
  if (spec.node_index() >= static_cast<std::uint32_t>(spec.nodes_size())) {
    return bad_start("node index " + std::to_string(spec.node_index()));
  }
  std::uint64_t total = 0;
  for (const wire::StepNode& node : spec.nodes()) {
    if (node.first_task() != total) {
      return bad_start("first task " + std::to_string(node.first_task()) + " of node " +
                       quoted(node.name()));
    }
    total += node.tasks();
    if (total > wire::tasks_max) {
      return bad_start("more than " + std::to_string(wire::tasks_max) + " tasks");
    }
    plan->nodes.push_back({node.name(), node.tasks(), node.first_task(), node.address()});
  }
  plan->node_index = spec.node_index();
  plan->fan_out = spec.fan_out();
  plan->tasks = static_cast<std::uint32_t>(total);
  const std::uint32_t local = plan->here().tasks;
  if (local == 0 || local > local_tasks_max || (plan->is_batch && total != 1)) {
    return bad_start("number of tasks " + std::to_string(local));
  }
  return {};
}

void number_ranks(const Distribution& distribution, StepPlan* plan) {
  const bool follows_nodes =
      distribution.kind != DistributionKind::cyclic && distribution.kind != DistributionKind::plane;
  if (follows_nodes || plan->nodes.size() == 1) {
    return;
  }
  std::vector<std::uint32_t> counts;
  for (const PlanNode& node : plan->nodes) {
    counts.push_back(node.tasks);
  }
  plan->ranks = deal_ranks(counts, distribution);
  plan->node_by_rank.resize(plan->tasks);
  for (std::uint32_t node = 0; node < plan->ranks.size(); ++node) {
    for (const std::uint32_t rank : plan->ranks[node]) {
      plan->node_by_rank[rank] = node;
    }
  }
}

Result<void> take_bindings(const wire::StepStart& start, StepPlan* plan) {
  for (const wire::TaskBinding& task : start.spec().bindings()) {
    const auto cores = Bitset::from_ranges(task.cores(), bind_list_cores_max);
    if (!cores) {
      return bad_start("cores " + quoted(task.cores()) + " of a task");
    }
    plan->task_cores.push_back(static_cast<std::uint32_t>(cores->count()));
  }
  plan->task_cpus.assign(start.task_cpus().begin(), start.task_cpus().end());
  plan->task_memory.assign(start.task_memory().begin(), start.task_memory().end());
  plan->task_gpu.assign(start.task_gpu().begin(), start.task_gpu().end());
  plan->not_bound = start.not_bound();
  plan->binding_map.assign(start.binding_map().begin(), start.binding_map().end());
  return {};
}

Result<void> take_gpus(const wire::StepStart& start, StepPlan* plan) {
  for (const std::string* numbers : {&start.nvidia_gpus(), &start.amd_gpus()}) {
    if (numbers->size() > gpu_numbers_bytes_max ||
        numbers->find_first_not_of("0123456789,") != std::string::npos) {
      return bad_start("numbers of gpus " + quoted(numbers->substr(0, 64)) +
                       ": \"0,2\" is expected");
    }
  }
  plan->nvidia_gpus = start.nvidia_gpus();
  plan->amd_gpus = start.amd_gpus();
  plan->hides_gpus = start.hides_gpus();
  return {};
}

void take_job_shape(const wire::StepStart& start, StepPlan* plan) {
  plan->job_nodes.assign(start.job_nodes().begin(), start.job_nodes().end());
  plan->job_node_index = start.node_index();
  for (const std::uint32_t tasks : start.job_tasks()) {
    plan->job_tasks += tasks;
    plan->node_tasks.push_back(tasks);
  }
  plan->node_cpus.assign(start.job_cpus().begin(), start.job_cpus().end());
  plan->partition = start.partition();
  plan->cores = start.share().core_count();
  if (auto share = wire::take(start.share()); share && share->cores.any()) {
    plan->cores = static_cast<std::uint32_t>(share->cores.count());
  }
  plan->cpus = start.spec().cpus() != 0 ? start.spec().cpus() : plan->cores;
  for (const std::int64_t mib : start.share().memory_mib()) plan->memory_mib += mib;
}

// What is run: a batch step takes everything from the job, other steps from their own request.
Result<void> take_command(const wire::StepSpec& spec, StepPlan* plan) {
  const auto step = wire::take(spec.request());
  if (!step) {
    return tl::unexpected(step.error().with_context("step request"));
  }
  const JobRequest& job = plan->job;
  plan->environment = spec.environment();
  plan->directory =
      plan->is_batch || step->directory.empty() ? job.common->directory : step->directory;
  plan->argv = plan->is_batch ? job.argv : step->argv;
  plan->script = plan->is_batch ? spec.script() : std::string();
  plan->output = plan->is_batch ? job.common->output : step->output;
  plan->error = plan->is_batch ? job.common->error : step->error;
  plan->input = plan->is_batch ? job.common->input : step->input;
  plan->client_io = !plan->is_batch && step->output.empty();
  plan->input_task = step->input_task;
  plan->pty = plan->client_io && step->pty;
  if (plan->pty) {
    plan->input_task = 0;  // what is typed is for it alone
  }
  number_ranks(step->distribution, plan);
  if (step->distribution.kind != DistributionKind::unset) {
    const std::string order = to_text(step->distribution);
    plan->distribution = order.substr(0, order.find('='));
  }
  plan->mpi = plan->is_batch ? MpiKind::none : step->mpi;
  plan->kill_on_bad_exit = step->kill_on_bad_exit;
  plan->label_output = step->label_output;
  if (!plan->is_batch && step->time_limit.us > 0) {
    plan->own_limit = step->time_limit;
  }
  const std::uint32_t of_job =
      job.common->components.empty() ? 0 : job.common->components[0].cpus_per_task;
  plan->cpus_per_task = std::max(spec.cpus_per_task(), 1U);
  // A script is one task with all its node's cores; what it starts has this many each.
  if (plan->is_batch && of_job != 0) plan->cpus_per_task = of_job;
  plan->cpus_per_task_given = of_job != 0 || (!plan->is_batch && step->cpus_per_task != 0);
  if (plan->script.empty() && plan->argv.empty()) {
    return bad_start("neither script nor command");
  }
  return {};
}

// A script or its steps get the signal before the limit, not both.
Result<void> take_times(const wire::StepSpec& spec, StepPlan* plan) {
  if (spec.ran_us() < 0 || spec.ran_us() >= duration_unlimited.us) {
    return bad_start("a job that has run for " + std::to_string(spec.ran_us()) + " us");
  }
  plan->ran = Duration{spec.ran_us()};
  if (spec.time_left_us() > 0) {
    plan->time_left = std::min(Duration{spec.time_left_us()}, duration_unlimited);
  }
  const EarlySignal& early = plan->job.common->early_signal;
  plan->wants_signal = early.signal != 0 && early.batch_only == plan->is_batch;
  return {};
}

Result<void> take_before(const wire::StepStart& start, StepPlan* plan) {
  if (start.before_cause() > static_cast<std::uint32_t>(EndCause::deadline)) {
    return bad_start("cause " + std::to_string(start.before_cause()));
  }
  if (has_nul(start.before_why())) return bad_start("reason contains NUL");
  plan->before = {static_cast<EndCause>(start.before_cause()), start.before_exit_code(),
                  start.before_why(), start.retries()};
  return {};
}

Result<void> check_texts(const StepPlan& plan) {
  for (const std::string& word : plan.argv) {
    if (has_nul(word)) {
      return bad_start("argument " + quoted(word) + " contains NUL");
    }
  }
  for (const std::string* text :
       {&plan.directory, &plan.output, &plan.error, &plan.input, &plan.tmp_dir, &plan.container,
        &plan.submit_dir, &plan.state_dir, &plan.controller}) {
    if (has_nul(*text)) {
      return bad_start("path " + quoted(*text) + " contains NUL");
    }
  }
  std::vector<std::string> names = plan.job_nodes;
  for (const PlanNode& node : plan.nodes) {
    names.push_back(node.name);
  }
  names.insert(names.end(), {plan.node_name, plan.cluster, plan.partition});
  for (const std::string& name : names) {
    if (has_nul(name)) {
      return bad_start("name " + quoted(name) + " contains NUL");
    }
  }
  if (plan.directory.empty() || plan.directory.front() != '/') {
    return bad_start("directory " + quoted(plan.directory) + " is not absolute");
  }
  if (!plan.access_key.empty() && plan.access_key.size() != 32) {
    return bad_start("key of " + std::to_string(plan.access_key.size()) + " bytes");
  }
  return {};
}

}  // namespace

Result<StepPlan> check_plan(const wire::StepStart& start) {
  StepPlan plan;
  const wire::StepSpec& spec = start.spec();
  plan.key = StepKey{JobId{start.job()}, Attempt{start.attempt()}, StepId{spec.step()}};
  plan.is_batch = spec.is_batch();
  plan.go_at_once = start.go_at_once();
  plan.stands = start.stands();
  auto job = wire::take(start.request());
  if (!job) {
    return tl::unexpected(job.error().with_context("job request"));
  }
  plan.job = std::move(*job);
  const wire::ArrayElement& element = start.element();
  plan.element = {JobId{element.array()}, element.index(), element.count(),
                  element.first(),        element.last(),  element.step()};
  plan.kill_wait = Duration{start.kill_wait_us() < 0 ? 0 : start.kill_wait_us()};
  plan.node_name = start.node_name();
  plan.cluster = start.cluster();
  plan.container = start.container();
  plan.state_dir = start.state_dir();
  plan.containment = start.containment();
  plan.controller = start.controller();
  plan.submit_dir = start.submit_dir();
  plan.tmp_dir = start.tmp_dir();
  plan.access_key = spec.key();
  take_job_shape(start, &plan);
  if (auto taken = take_bindings(start, &plan); !taken) {
    return tl::unexpected(taken.error());
  }
  if (auto taken = take_gpus(start, &plan); !taken) {
    return tl::unexpected(taken.error());
  }
  if (auto taken = take_nodes(spec, &plan); !taken) {
    return tl::unexpected(taken.error());
  }
  if (auto taken = take_command(spec, &plan); !taken) {
    return tl::unexpected(taken.error());
  }
  if (auto taken = take_before(start, &plan); !taken) {
    return tl::unexpected(taken.error());
  }
  if (auto taken = take_times(spec, &plan); !taken) {
    return tl::unexpected(taken.error());
  }
  if (auto checked = check_texts(plan); !checked) {
    return tl::unexpected(checked.error());
  }
  return plan;
}

std::uint32_t StepPlan::local_of(std::uint32_t rank) const {
  if (ranks.empty()) {
    return rank - here().first_task;
  }
  const auto& mine = ranks[node_index];
  return static_cast<std::uint32_t>(std::lower_bound(mine.begin(), mine.end(), rank) -
                                    mine.begin());
}

std::uint32_t StepPlan::node_of(std::uint32_t rank) const {
  if (!node_by_rank.empty()) {
    return node_by_rank[rank];
  }
  std::uint32_t index = 0;
  while (index + 1 < nodes.size() && nodes[index + 1].first_task <= rank) {
    ++index;
  }
  return index;
}

std::string step_text(const StepPlan& plan) {
  const std::string job =
      plan.element.array == JobId{}
          ? std::to_string(plan.key.job.value)
          : std::to_string(plan.element.array.value) + "_" + std::to_string(plan.element.index);
  return plan.is_batch ? job : job + "." + step_name(plan.key.step);
}

}  // namespace cox::stepd
