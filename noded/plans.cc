// Checked once, when it arrives or is read back; after that the plan is trusted.
#include "noded/plans.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/text.h"
#include "wire/model_codec.h"
#include "wire/step.pb.h"

namespace cox::noded {
namespace {

constexpr std::string_view file_mark = "coxswain attempt 1\n";
constexpr std::uint32_t local_tasks_max = 16'384;

}  // namespace

std::optional<StepId> AttemptPlan::initial() const {
  if (!prepare.has_initial()) return std::nullopt;
  return StepId{prepare.initial().step()};
}

const wire::StepSpec* AttemptPlan::spec(StepId step) const {
  if (initial() == step) return &prepare.initial();
  const auto it = specs.find(step);
  return it == specs.end() ? nullptr : &it->second;
}

Result<NodeShare> AttemptPlan::share_of(const wire::StepSpec& spec) const {
  if (!spec.has_part()) return share;
  auto part = wire::take(spec.part());
  if (!part) return tl::unexpected(part.error().with_context("part of the step"));
  if (!share.cores.contains(part->cores) || !share.devices.contains(part->devices)) {
    return bad_usage("step " + std::to_string(spec.step()) + " has cores " +
                     part->cores.to_ranges() + " and devices " + part->devices.to_ranges() +
                     ", its attempt cores " + share.cores.to_ranges() + " and devices " +
                     share.devices.to_ranges());
  }
  return part;
}

Result<void> check_spec(const wire::StepSpec& spec) {
  if (spec.step() == step_alloc.value) return bad_usage("step alloc has no tasks");
  if (spec.environment().size() > wire::environment_bytes_max) {
    return bad_usage("environment of " + std::to_string(spec.environment().size()) + " bytes");
  }
  if (spec.script().size() > wire::script_bytes_max) {
    return bad_usage("script of " + std::to_string(spec.script().size()) + " bytes");
  }
  if (spec.node_index() >= static_cast<std::uint32_t>(spec.nodes_size())) {
    return bad_usage("node index " + std::to_string(spec.node_index()) + " of " +
                     std::to_string(spec.nodes_size()) + " nodes");
  }
  const std::uint32_t tasks = spec.nodes(static_cast<int>(spec.node_index())).tasks();
  if (tasks == 0 || tasks > local_tasks_max) {
    return bad_usage("number of tasks " + std::to_string(tasks));
  }
  return {};
}

Result<AttemptPlan> check_plan(wire::Prepare prepare) {
  if (prepare.job() == 0) return bad_usage("job id 0");
  if (prepare.attempt() == 0) return bad_usage("attempt 0 of job " + std::to_string(prepare.job()));
  AttemptPlan plan;
  auto request = wire::take(prepare.request());
  if (!request) return tl::unexpected(request.error().with_context("job request"));
  plan.user = std::move(request->common.edit().user);
  auto share = wire::take(prepare.share());
  if (!share) return tl::unexpected(share.error().with_context("share"));
  plan.share = std::move(*share);
  if (prepare.has_initial()) {
    const auto checked = check_spec(prepare.initial());
    if (!checked) return tl::unexpected(checked.error().with_context("initial step"));
  }
  auto programs = wire::take(prepare.programs());
  if (!programs) return tl::unexpected(programs.error());
  plan.programs = std::move(*programs);
  plan.marks_begin = prepare.go_at_once() && prepare.has_initial();
  plan.prepare = std::move(prepare);
  return plan;
}

std::string attempt_file_text(const AttemptPlan& plan, bool released) {
  std::string text(file_mark);
  text.append(!released ? "p" : plan.marks_begin ? "m" : "r");
  plan.prepare.AppendToString(&text);
  return text;
}

Result<RememberedAttempt> parse_attempt_file(const std::string& text) {
  if (!text.starts_with(file_mark) || text.size() <= file_mark.size()) {
    return bad_usage("not an attempt file");
  }
  const char phase = text[file_mark.size()];
  if (phase != 'r' && phase != 'm' && phase != 'p')
    return bad_usage("unknown phase " + quoted(std::string(1, phase)));
  wire::Prepare prepare;
  if (!prepare.ParseFromString(text.substr(file_mark.size() + 1))) return bad_usage("damaged");
  auto plan = check_plan(std::move(prepare));
  if (!plan) return tl::unexpected(plan.error());
  plan->marks_begin = phase == 'm';
  return RememberedAttempt{std::move(*plan), phase != 'p'};
}

// A daemon that does not know the word takes the file for a damaged one.
std::string ended_attempt_text() {
  return std::string(file_mark) + "e";
}

agent::RecoverAttempt recovery_of(const AttemptPlan& plan,
                                  bool released,
                                  const std::set<StepKey>& alive) {
  agent::RecoverAttempt request;
  request.attempt = plan.key();
  request.initial = plan.initial();
  request.go_at_once = plan.prepare.go_at_once();
  request.released = released;
  request.has_epilog = !plan.programs.epilog.empty();
  for (const StepKey& step : alive) {
    if (AttemptKey{step.job, step.attempt} == plan.key()) request.alive.push_back(step.step);
  }
  return request;
}

agent::RecoverAttempt recovery_of_stray(AttemptKey key) {
  agent::RecoverAttempt request;
  request.attempt = key;
  request.is_stray = true;
  return request;
}

void change_limit(Duration limit, AttemptPlan* plan) {
  const auto put = [limit](wire::StepSpec* spec) {
    const bool is_limited = limit < duration_unlimited;
    spec->set_time_left_us(is_limited ? std::max<std::int64_t>(limit.us - spec->ran_us(), 1)
                                      : duration_unlimited.us);
  };
  plan->prepare.mutable_request()->set_time_limit_us(limit.us);
  if (plan->prepare.has_initial()) put(plan->prepare.mutable_initial());
  for (auto& [id, spec] : plan->specs) put(&spec);
}

std::string step_start_bytes(const AttemptPlan& plan, StepId step, const StepPlace& place) {
  const wire::Prepare& prepare = plan.prepare;
  wire::StepMessage message;
  wire::StepStart* start = message.mutable_start();
  start->set_job(prepare.job());
  start->set_attempt(prepare.attempt());
  *start->mutable_spec() = *plan.spec(step);
  *start->mutable_request() = prepare.request();
  const wire::StepSpec& spec = *plan.spec(step);
  *start->mutable_share() = spec.has_part() ? spec.part() : prepare.share();
  *start->mutable_job_nodes() = prepare.job_nodes();
  *start->mutable_job_tasks() = prepare.job_tasks();
  *start->mutable_job_cpus() = prepare.job_cpus();
  start->set_partition(prepare.partition());
  start->set_node_index(prepare.node_index());
  start->set_submit_dir(prepare.submit_dir());
  start->set_node_name(place.node_name);
  start->set_cluster(place.cluster);
  start->set_controller(place.controller);
  start->set_container(place.container);
  start->set_containment(place.containment);
  start->set_state_dir(place.state_dir);
  start->set_tmp_dir(place.tmp_dir);
  start->set_kill_wait_us(place.kill_wait_us);
  start->set_go_at_once(place.go_at_once);
  start->set_stands(place.stands);
  if (place.lease_left.us > 0) {
    start->mutable_lease()->set_left_us(place.lease_left.us);
    start->mutable_lease()->set_kill_wait_us(place.lease_kill_wait.us);
  }
  if (prepare.has_element()) *start->mutable_element() = prepare.element();
  start->set_before_cause(prepare.before_cause());
  start->set_before_exit_code(prepare.before_exit_code());
  start->set_before_why(prepare.before_why());
  start->set_retries(prepare.retries());
  start->set_nvidia_gpus(place.nvidia_gpus);
  start->set_amd_gpus(place.amd_gpus);
  start->set_hides_gpus(place.hides_gpus);
  for (const std::string& cpus : place.task_cpus) start->add_task_cpus(cpus);
  for (const std::string& nodes : place.task_memory) start->add_task_memory(nodes);
  for (const std::string& line : place.binding_map) start->add_binding_map(line);
  for (const std::uint32_t gpu : place.task_gpu) start->add_task_gpu(gpu);
  start->set_not_bound(place.not_bound);
  return message.SerializeAsString();
}

}  // namespace cox::noded
