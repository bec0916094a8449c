// Prepare, Go and the rest, built from State.
#include "ctld/translate/controller_message.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/job/array.h"
#include "core/job/layout.h"
#include "core/job/lifecycle.h"
#include "core/job/step_binding.h"
#include "core/slice/standing.h"
#include "model/step_tree.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

using Message = Result<wire::ControllerMessage>;

Failure stale() {
  return fail(Code::not_found, "state went past this effect");
}

const core::Job* live_job(const core::State& state, JobId id, Attempt attempt) {
  const core::Job* job = state.find_job(id);
  return job == nullptr || job->attempt != attempt ? nullptr : job;
}

Duration time_left(const core::Job& job, Instant now) {
  const Duration limit = job.request.time_limit;
  if (limit >= duration_unlimited) return duration_unlimited;
  if (!job.run->released.is_set()) return limit;
  return std::max(job.run->released + limit + core::stood(job, now) - now, microseconds(1));
}

/// How long the job has run when `time_left` is left.
Duration ran(const core::Job& job, Instant now) {
  if (!job.run->released.is_set()) return {};
  return std::max(now - (job.run->released + core::stood(job, now)), Duration{});
}

std::uint32_t cpus_per_task(const core::Job& job, const core::Step& step) {
  if (step.request.cpus_per_task != 0) return step.request.cpus_per_task;
  if (step.id == step_batch || job.request.common->components.empty()) return 1;
  return std::max(job.request.common->components.front().cpus_per_task, 1U);
}

/// Cores, or threads where the job's partition counts these.
std::uint32_t cpus_of(const core::State& state, const core::Job& job, const NodeShare& share) {
  if (state.find_node(share.node) == nullptr) return 0;
  const bool threads = core::counts_threads(state.record, core::partition_of(job));
  return static_cast<std::uint32_t>(core::cpus_of(state.record, share.node, share.cores, threads));
}

/// What the job holds on `node`.
const NodeShare& held_on(const core::Job& job, NodeId node) {
  static const NodeShare nothing;
  const auto& shares = job.run->allocation.nodes;
  const auto found = std::ranges::find(shares, node, &NodeShare::node);
  return found == shares.end() ? nothing : *found;
}

/// Content of `hash`, or nothing when there is none to have. error: internal
Result<std::string> content(const Contents& contents, const Hash& hash, const char* what) {
  if (hash.empty()) return std::string();
  const auto found = std::ranges::find(contents, hash, &Blob::hash);
  if (found != contents.end() && found->bytes != nullptr) return *found->bytes;
  return fail(Code::internal, std::string(what) + " is not in the store");
}

const Hash& environment_of(const core::Job& job, const core::Step& step) {
  return step.request.environment.empty() ? job.request.environment : step.request.environment;
}

Result<void> put_content(const MessageSource& source,
                         const core::Job& job,
                         const core::Step& step,
                         wire::StepSpec* spec) {
  auto packed = content(source.contents, environment_of(job, step), "the environment");
  if (!packed) return tl::unexpected(packed.error());
  spec->set_environment(std::move(*packed));
  if (step.id != step_batch) return {};
  auto script = content(source.contents, job.request.script, "the script");
  if (!script) return tl::unexpected(script.error());
  spec->set_script(std::move(*script));
  return {};
}

/// How the tasks on the node of this spec are bound. What could not be any more is not: the node's
/// supervisor says why.
void put_binding(const core::Record& record,
                 const core::Job& job,
                 const core::Step& step,
                 wire::StepSpec* spec) {
  const std::string& partition = core::partition_of(job);
  const core::StepBinder binder(record, job.request, partition, job.run->allocation);
  const std::size_t here = spec->node_index();
  const auto bound = binder.bind(step.request, step.shares[here]);
  spec->set_not_bound(bound ? bound->not_bound : bound.error().message);
  if (!bound) return;
  const auto ranks = core::ranks_of(job.request, step.request, step.shares, here);
  for (std::string& line : binding_map(*bound->node_class, bound->room, bound->plan, ranks)) {
    spec->add_binding_map(std::move(line));
  }
  for (const TaskBinding& task : bound->plan.tasks) {
    wire::TaskBinding* to = spec->add_bindings();
    to->set_cores(task.cores.to_ranges());
    to->set_numa(task.numa.to_ranges());
    if (task.gpu) to->set_gpu(*task.gpu);
  }
}

/// What the supervisor of `step` on `node` needs. The node takes part in the step.
Result<void> put_spec(const MessageSource& source,
                      const core::Job& job,
                      const core::Step& step,
                      NodeId node,
                      wire::StepSpec* spec) {
  spec->set_step(step.id.value);
  StepRequest request = step.request;
  request.bind = core::bind_of(job.request, step.request);
  request.distribution = core::distribution_of(job.request, step.request);
  wire::put(request, spec->mutable_request());
  if (auto put = put_content(source, job, step, spec); !put) return put;
  for (std::size_t i = 0; i < step.shares.size(); ++i) {
    const core::StepShare& share = step.shares[i];
    const core::Node* member = source.state.find_node(share.node);
    if (member == nullptr) return stale();
    if (share.node == node) {
      spec->set_node_index(static_cast<std::uint32_t>(i));
      if (share.part != NodeShare{}) wire::put(share.part, spec->mutable_part());
      spec->set_cpus(cpus_of(source.state, job,
                             share.part != NodeShare{} ? share.part : held_on(job, share.node)));
    }
    wire::StepNode* entry = spec->add_nodes();
    entry->set_name(member->name);
    entry->set_tasks(share.tasks);
    entry->set_first_task(share.first_task);
    entry->set_address(member->address);
  }
  spec->set_fan_out(source.state.record.settings.fan_out);
  spec->set_key(step_key(source.cluster_key, {job.id, job.attempt, step.id}));
  spec->set_is_batch(step.id == step_batch);
  spec->set_cpus_per_task(cpus_per_task(job, step));
  spec->set_time_left_us(time_left(job, source.now).us);
  spec->set_ran_us(ran(job, source.now).us);
  spec->set_whole_allocation(step.shares.size() == job.run->allocation.nodes.size());
  if (step.id != step_batch) put_binding(source.state.record, job, step, spec);
  return {};
}

bool takes_part(const core::Step& step, NodeId node) {
  return std::ranges::find(step.shares, node, &core::StepShare::node) != step.shares.end();
}

Result<void> put_allocation(const MessageSource& source,
                            const core::Job& job,
                            NodeId node,
                            wire::Prepare* to) {
  bool is_member = false;
  for (std::size_t i = 0; i < job.run->allocation.nodes.size(); ++i) {
    const NodeShare& share = job.run->allocation.nodes[i];
    const core::Node* member = source.state.find_node(share.node);
    if (member == nullptr) return stale();
    to->add_job_nodes(member->name);
    to->add_job_tasks(share.tasks);
    to->add_job_cpus(cpus_of(source.state, job, share));
    if (share.node != node) continue;
    is_member = true;
    to->set_node_index(static_cast<std::uint32_t>(i));
    wire::put(share, to->mutable_share());
  }
  if (!is_member) return stale();
  to->set_partition(core::partition_of(job));
  to->set_stands(job.run->stands.is_set());
  return {};
}

void put_element(const core::Job& job, wire::ArrayElement* to) {
  const ArraySpec& all = job.request.common->array;
  to->set_array(job.array.value);
  to->set_index(job.index);
  to->set_count(all.count());
  to->set_first(all.first());
  to->set_last(all.last());
  to->set_step(all.ranges.size() == 1 ? all.ranges.front().step : 1);
}

/// Why the job runs again.
void put_before(const core::Job& job, wire::Prepare* to) {
  to->set_before_cause(static_cast<std::uint32_t>(job.run->before_cause));
  to->set_before_exit_code(job.run->before_exit_code);
  to->set_before_why(job.run->before_why);
  to->set_retries(job.run->retries);
}

Message translate(const MessageSource& source, const core::SendPrepare& effect) {
  const core::Job* job = live_job(source.state, effect.job, effect.attempt);
  if (job == nullptr) return stale();
  wire::ControllerMessage message;
  wire::Prepare* to = message.mutable_prepare();
  to->set_job(job->id.value);
  to->set_attempt(job->attempt.value);
  wire::put(job->request, to->mutable_request());
  to->mutable_request()->clear_array();
  to->mutable_request()->clear_dependency();
  to->mutable_request()->clear_past();
  put_before(*job, to);
  if (core::is_element(*job)) put_element(*job, to->mutable_element());
  if (auto put = put_allocation(source, *job, effect.node, to); !put) {
    return tl::unexpected(put.error());
  }
  const core::Step* step = find_step(*job, initial_step(*job));
  if (step != nullptr && takes_part(*step, effect.node)) {
    auto put = put_spec(source, *job, *step, effect.node, to->mutable_initial());
    if (!put) return tl::unexpected(put.error());
  }
  to->set_go_at_once(effect.go_at_once);
  const ProgramSettings& programs = source.state.record.settings.programs;
  if (programs != ProgramSettings{}) wire::put(programs, to->mutable_programs());
  const JobRequest& request = job->request;
  to->set_submit_dir(request.common->submit_directory.empty() ? request.common->directory
                                                              : request.common->submit_directory);
  return message;
}

/// Where the node's supervisor may have to connect: to its parent, or to the root. Names of all to
/// all would be a message of many nodes' size for each of them.
void put_endpoints(const MessageSource& source,
                   const core::Step& step,
                   const StepKey& key,
                   NodeId node,
                   wire::Go* to) {
  const auto here = std::ranges::find(step.shares, node, &core::StepShare::node);
  const auto index = static_cast<std::uint32_t>(here - step.shares.begin());
  if (here == step.shares.end() || index == 0) return;
  const StepTree tree(static_cast<std::uint32_t>(step.shares.size()),
                      source.state.record.settings.fan_out);
  const std::uint32_t parent = tree.parent(index);
  for (std::uint32_t i = 0; i <= parent; ++i) to->add_endpoints();
  for (const std::uint32_t i : {0U, parent}) {
    to->set_endpoints(static_cast<int>(i), find_endpoint(source.contact, key, step.shares[i].node));
  }
}

Message go(const MessageSource& source, const StepKey& key, NodeId node) {
  const core::Job* job = live_job(source.state, key.job, key.attempt);
  if (job == nullptr) return stale();
  wire::ControllerMessage message;
  wire::put(key, message.mutable_go()->mutable_step());
  // A node without part in the initial step has nothing to run but learns of the release.
  if (const core::Step* step = find_step(*job, key.step)) {
    put_endpoints(source, *step, key, node, message.mutable_go());
  }
  return message;
}

Message translate(const MessageSource& source, const core::SendGo& effect) {
  const core::Job* job = live_job(source.state, effect.job, effect.attempt);
  if (job == nullptr) return stale();
  return go(source, {effect.job, effect.attempt, initial_step(*job)}, effect.node);
}

Message translate(const MessageSource& source, const core::SendPrepareStep& effect) {
  const core::Job* job = live_job(source.state, effect.step.job, effect.step.attempt);
  const core::Step* step = job == nullptr ? nullptr : find_step(*job, effect.step.step);
  if (step == nullptr || !takes_part(*step, effect.node)) return stale();
  wire::ControllerMessage message;
  wire::put(effect.step, message.mutable_prepare_step()->mutable_key());
  auto put =
      put_spec(source, *job, *step, effect.node, message.mutable_prepare_step()->mutable_spec());
  if (!put) return tl::unexpected(put.error());
  return message;
}

Message translate(const MessageSource& source, const core::SendGoStep& effect) {
  return go(source, effect.step, effect.node);
}

Message translate(const MessageSource&, const core::SendEndStep& effect) {
  wire::ControllerMessage message;
  wire::put(effect.step, message.mutable_end_step()->mutable_step());
  message.mutable_end_step()->set_cause(static_cast<std::uint32_t>(effect.cause));
  return message;
}

Message translate(const MessageSource&, const core::SendSignal& effect) {
  wire::ControllerMessage message;
  wire::SignalStep* to = message.mutable_signal_step();
  wire::put(effect.step, to->mutable_step());
  to->set_signal(effect.signal);
  to->set_first_only(effect.first_only);
  to->set_key_high(effect.key.words[0]);
  to->set_key_low(effect.key.words[1]);
  return message;
}

Message translate(const MessageSource&, const core::SendClose& effect) {
  wire::ControllerMessage message;
  message.mutable_close()->set_job(effect.job.value);
  message.mutable_close()->set_attempt(effect.attempt.value);
  message.mutable_close()->set_cause(static_cast<std::uint32_t>(effect.cause));
  return message;
}

Message translate(const MessageSource&, const core::SendStepAck& effect) {
  wire::ControllerMessage message;
  wire::put(effect.step, message.mutable_step_ack()->mutable_step());
  return message;
}

Message translate(const MessageSource&, const core::SendClosedAck& effect) {
  wire::ControllerMessage message;
  message.mutable_closed_ack()->set_job(effect.job.value);
  message.mutable_closed_ack()->set_attempt(effect.attempt.value);
  return message;
}

Message translate(const MessageSource& source, const core::SendReboot& effect) {
  const core::Node* node = source.state.find_node(effect.node);
  if (node == nullptr || !node->reboot.begun.is_set()) return stale();
  const ProgramSettings& programs = source.state.record.settings.programs;
  wire::ControllerMessage message;
  message.mutable_reboot()->set_program(programs.reboot);
  message.mutable_reboot()->set_timeout_us(programs.reboot_timeout.us);
  message.mutable_reboot()->set_why(node->reboot.why);
  return message;
}

Message translate(const MessageSource& source, const core::SendLimit& effect) {
  const core::Job* job = live_job(source.state, effect.job, effect.attempt);
  if (job == nullptr) return stale();
  wire::ControllerMessage message;
  message.mutable_time_limit()->set_job(effect.job.value);
  message.mutable_time_limit()->set_attempt(effect.attempt.value);
  message.mutable_time_limit()->set_limit_us(job->request.time_limit.us);
  return message;
}

Message translate(const MessageSource& source, const core::SendPause& effect) {
  const core::Job* job = live_job(source.state, effect.job, effect.attempt);
  if (job == nullptr) return stale();
  wire::ControllerMessage message;
  message.mutable_pause()->set_job(effect.job.value);
  message.mutable_pause()->set_attempt(effect.attempt.value);
  message.mutable_pause()->set_stands(job->run->stands.is_set());
  message.mutable_pause()->set_as_of_us(source.now.us);
  return message;
}

/// The step that the effect prepares on its node; null when it prepares none.
const core::Step* prepared_step(const core::State& state, const core::Effect& effect) {
  const core::Step* step = nullptr;
  if (const auto* start = std::get_if<core::SendPrepare>(&effect)) {
    const core::Job* job = live_job(state, start->job, start->attempt);
    step = job == nullptr ? nullptr : find_step(*job, initial_step(*job));
  } else if (const auto* later = std::get_if<core::SendPrepareStep>(&effect)) {
    const core::Job* job = live_job(state, later->step.job, later->step.attempt);
    step = job == nullptr ? nullptr : find_step(*job, later->step.step);
  }
  return step == nullptr || !takes_part(*step, effect_node(effect)) ? nullptr : step;
}

}  // namespace

AttemptKey effect_attempt(const core::Effect& effect) {
  return std::visit(
      [](const auto& body) {
        if constexpr (requires { body.step; }) {
          return AttemptKey{body.step.job, body.step.attempt};
        } else if constexpr (std::is_same_v<std::decay_t<decltype(body)>, core::SendReboot>) {
          return AttemptKey{};  // of the node, whatever runs there
        } else {
          return AttemptKey{body.job, body.attempt};
        }
      },
      effect);
}

std::vector<Hash> contents_of(const core::State& state, const core::Effect& effect) {
  std::vector<Hash> hashes;
  const core::Step* step = prepared_step(state, effect);
  if (step == nullptr) return hashes;
  const core::Job& job = *state.find_job(effect_attempt(effect).job);
  const Hash& environment = environment_of(job, *step);
  if (!environment.empty()) hashes.push_back(environment);
  if (step->id == step_batch && !job.request.script.empty()) hashes.push_back(job.request.script);
  return hashes;
}

std::string step_key(const std::string& cluster_key, const StepKey& step) {
  const std::string text = "step " + std::to_string(step.job.value) + " " +
                           std::to_string(step.attempt.value) + " " +
                           std::to_string(step.step.value);
  const auto bytes = [](const std::string& from) {
    return reinterpret_cast<const unsigned char*>(from.data());
  };
  std::array<unsigned char, 32> key{};
  crypto_generichash(key.data(), key.size(), bytes(text), text.size(), bytes(cluster_key),
                     cluster_key.size());
  return {key.begin(), key.end()};
}

StepId initial_step(const core::Job& job) {
  return job.request.common->kind == JobKind::batch ? step_batch : StepId(0);
}

std::string find_endpoint(const core::Contact& contact, const StepKey& step, NodeId node) {
  const auto answers = contact.steps.find(step);
  if (answers == contact.steps.end()) return {};
  const auto endpoint = answers->second.prepared.find(node);
  return endpoint == answers->second.prepared.end() ? std::string() : endpoint->second;
}

NodeId effect_node(const core::Effect& effect) {
  return std::visit([](const auto& body) { return body.node; }, effect);
}

Result<wire::ControllerMessage> translate_effect(const MessageSource& source,
                                                 const core::Effect& effect) {
  return std::visit([&source](const auto& body) { return translate(source, body); }, effect);
}

}  // namespace cox::ctld
