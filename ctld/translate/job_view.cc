// A job as people see it.
#include <algorithm>
#include <map>
#include <vector>

#include "common/node_list.h"
#include "common/text.h"
#include "core/fleet/trouble.h"
#include "core/job/array.h"
#include "core/job/layout.h"
#include "core/job/lifecycle.h"
#include "core/job/step_binding.h"
#include "core/job/step_queue.h"
#include "core/schedule/trial.h"
#include "core/slice/standing.h"
#include "ctld/translate/replies.h"
#include "model/output_pattern.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

std::string node_name(const core::State& state, NodeId id) {
  const core::Node* node = state.find_node(id);
  return node == nullptr ? "?" : node->name;
}

/// What is asked for while the job waits.
void put_request_size(const JobRequest& request, wire::JobView* to) {
  if (request.common->components.empty()) return;
  const Component& part = request.common->components.front();
  const std::uint32_t tasks =
      part.tasks != 0 ? part.tasks : part.nodes_min * std::max(part.tasks_per_node, 1U);
  to->set_nodes(part.nodes_min);
  to->set_tasks(tasks);
  to->set_cpus(tasks * std::max(part.cpus_per_task, 1U));
}

/// What is held, or was held last.
void put_allocation_size(const core::State& state, const core::Job& job, wire::JobView* to) {
  std::size_t cores = 0;
  std::uint32_t tasks = 0;
  for (const NodeShare& share : job.run->allocation.nodes) {
    cores += share.cores.count();
    tasks += share.tasks;
  }
  to->set_nodes(static_cast<std::uint32_t>(job.run->allocation.nodes.size()));
  to->set_cpus(static_cast<std::uint32_t>(cores));
  to->set_tasks(tasks);
  to->set_node_list(job_nodes(state, job));
}

void put_reason(const core::State& state,
                const core::Plan& plan,
                const core::Job& job,
                wire::JobView* to) {
  if (job.phase != JobPhase::pending) return;
  const core::Blocked blocked = plan.blocked(state, job.id);
  const std::string_view reason = to_text(blocked.code);
  to->set_reason(reason.data(), reason.size());
  to->set_reason_amount(blocked.amount);
}

std::string_view step_state(const core::Step& step) {
  if (step.is_ended()) return ended_step_state(step.result);
  if (step.is_waiting()) return "PENDING";
  return step.released.is_set() ? "RUNNING" : "CONFIGURING";
}

std::string_view to_text(StepSharing sharing) {
  switch (sharing) {
    case StepSharing::whole:
      return "whole";
    case StepSharing::exact:
      return "exact";
    case StepSharing::overlap:
      break;
  }
  return "overlap";
}

void put_id(const core::Job& job, Detail detail, wire::JobView* to) {
  to->set_job(job.id.value);
  const bool is_plain = !core::is_element(job) && !core::is_array(job);
  if (detail != Detail::brief || !is_plain) to->set_id(core::job_name(job));
  if (core::is_element(job)) {
    to->set_array(job.array.value);
    to->set_index(job.index);
    to->set_is_element(true);
  } else if (core::is_array(job)) {
    to->set_array(job.id.value);
    if (job.phase != JobPhase::pending) return;
    to->set_id(elements_text(job.id.value, core::remainder(job)));
    to->set_elements(array_text(core::remainder(job)));
  }
}

/// "gpu:a100:2(0-1),fpga:1": devices with their numbers among those of their name on the node. A
/// node that came back as other hardware may lack what the share names.
std::string devices_text(const core::State& state, const NodeShare& share) {
  const core::Node* node = state.find_node(share.node);
  if (node == nullptr) return "";
  const auto& known = state.class_of(*node).devices;
  std::map<std::string, std::size_t> numbers;  // of each name, so far
  std::map<std::string, Bitset> given;         // of each kind
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::size_t number = numbers[known[i].name]++;
    if (i >= share.devices.size() || !share.devices.test(i)) continue;
    Bitset& of_kind = given[device_kind(known[i].name, known[i].type)];
    of_kind.resize(known.size());
    of_kind.set(number);
  }
  std::vector<std::string> texts;
  for (const auto& [kind, which] : given) {
    texts.push_back(kind + ":" + std::to_string(which.count()) + "(" + which.to_ranges() + ")");
  }
  for (std::size_t i = 0; i < std::min(share.pools.size(), node->pools.size()); ++i) {
    if (share.pools[i] == 0) continue;
    const Pool& pool = node->pools[i];
    texts.push_back(device_kind(pool.name, pool.type) + ":" + std::to_string(share.pools[i]));
  }
  return join(texts, ",");
}

/// Its row, and whether its tasks stand still.
void put_standing(const core::State& state, const core::Job& job, wire::JobView* to) {
  const core::JobRun& run = *job.run;
  to->set_stood_us(run.stood.us);
  if (job.phase != JobPhase::starting && job.phase != JobPhase::running) return;
  if (run.allocation.row != 0) {
    to->set_row(run.allocation.row);
    to->set_turn(core::turn_of(state.record, core::partition_of(job)));
  }
  if (run.suspended.is_set()) {
    to->set_suspended_us(run.suspended.us);
    to->set_suspended_by(run.suspended_by);
  }
  // Before the release nothing of it counts as run.
  if (run.stands.is_set()) to->set_stands_us(std::max(run.stands, run.released).us);
}

/// What a brief view leaves out.
void put_usual(const core::State& state, const core::Job& job, wire::JobView* to) {
  const UserIdentity& user = job.request.common->user;
  to->set_uid(user.uid);
  to->set_gid(user.gid);
  to->set_account(job.request.common->account);
  to->set_state_letters(std::string(state_letters(job_state(job))));
  const std::string stuck = core::stuck_text(state, job);
  const std::string still = core::standing_text(state, job);
  to->set_why(!stuck.empty() ? stuck : !still.empty() ? still : job.run->why);
  to->set_submitted_us(job.submitted.us);
  to->set_attempt(job.attempt.value);
  to->set_exit_code(job.run->exit_code);
  to->set_signal(job.run->signal);
  wire::put(job.run->usage, to->mutable_usage());
}

void put_share(const core::State& state, const NodeShare& share, wire::NodeShareView* to) {
  to->set_node(node_name(state, share.node));
  to->set_cores(share.cores.to_ranges());
  for (const std::int64_t mib : share.memory_mib) to->add_memory_mib(mib);
  to->set_devices(devices_text(state, share));
  to->set_tasks(share.tasks);
}

void put_full(const core::State& state, const core::Job& job, wire::JobView* to) {
  if (core::is_array(job)) to->set_counts(element_counts(state, job));
  wire::put(job.request, to->mutable_request());
  to->set_cluster(state.record.settings.cluster);
  const auto waits = core::step_waits(state.record, job);
  auto wait = waits.begin();
  for (const core::Step& step : job.run->steps) {
    put_step(state, step, to->add_steps());
    to->mutable_steps()->rbegin()->set_bind(to_text(core::bind_of(job.request, step.request)));
    to->mutable_steps()->rbegin()->set_distribution(
        to_text(core::distribution_of(job.request, step.request)));
    if (wait == waits.end() || wait->step != step.id) continue;
    to->mutable_steps()->rbegin()->set_waits(wait->why);
    ++wait;
  }
  // What a start that was undone had held is no more the job's than its nodes are.
  const std::size_t held = job.phase == JobPhase::pending ? 0 : job.run->allocation.nodes.size();
  const bool threads = core::counts_threads(state.record, core::partition_of(job));
  for (std::size_t i = 0; i < held; ++i) {
    const NodeShare& share = job.run->allocation.nodes[i];
    wire::NodeShareView* entry = to->add_shares();
    put_share(state, share, entry);
    entry->set_freed(job.run->freed.test(i));
    if (state.find_node(share.node) == nullptr) continue;
    entry->set_cpus(
        static_cast<std::uint32_t>(core::cpus_of(state.record, share.node, share.cores, threads)));
  }
  to->set_requeue_reason(job.run->before_why);
  to->set_output_path(output_path(state, job, false));
  to->set_error_path(output_path(state, job, true));
}

}  // namespace

std::string element_counts(const core::State& state, const core::Job& array) {
  const core::ArrayRun& run = *array.run->array;
  std::map<JobState, std::uint32_t> counts = run.ended;
  counts[JobState::cancelled] += run.cancelled.count();
  counts[JobState::pending] += core::remainder(array).count();
  if (const core::ArrayMembers* members = state.find_members(array.id)) {
    counts[JobState::pending] += members->unended - members->live;
    counts[JobState::running] += members->live;
  }
  std::vector<std::string> texts;
  for (const auto& [state_of, count] : counts) {
    if (count != 0) texts.push_back(std::to_string(count) + " " + std::string(to_text(state_of)));
  }
  return join(texts, ", ");
}

void put_priorities(const core::Job& job, core::PlaceTerms& places, wire::JobView* to) {
  if (job.phase != JobPhase::pending) return;
  for (const std::string& name : job.request.common->partitions) {
    const PartitionSettings* partition = core::find_partition(places.state().record.settings, name);
    if (partition == nullptr) continue;
    wire::PriorityView* view = to->add_priorities();
    view->set_partition(name);
    for (const core::PriorityTerm& term : places.of(job, *partition)) {
      if (term.name == "tier") {
        view->set_tier(static_cast<std::uint32_t>(term.thousandths / 1000));
        continue;
      }
      wire::PriorityTerm* entry = view->add_terms();
      entry->set_name(term.name);
      entry->set_thousandths(term.thousandths);
    }
  }
}

std::string_view ended_step_state(const StepResult& result) {
  switch (result.cause) {
    case EndCause::cancelled:
    case EndCause::client_gone:
      return "CANCELLED";
    case EndCause::time_limit:
      return "TIMEOUT";
    case EndCause::deadline:
      return "DEADLINE";
    case EndCause::out_of_memory:
      return "OUT_OF_MEMORY";
    case EndCause::node_lost:
    case EndCause::supervisor_lost:
      return "NODE_FAIL";
    case EndCause::launch_failed:
    case EndCause::bad_exit:
      return "FAILED";
    case EndCause::none:
    case EndCause::finished:
    case EndCause::requeued:
      break;
  }
  return result.exit_code == 0 && result.signal == 0 ? "COMPLETED" : "FAILED";
}

void put_step(const core::State& state, const core::Step& step, wire::StepView* to) {
  std::uint32_t tasks = 0;
  std::vector<std::string> names;
  for (const core::StepShare& share : step.shares) {
    tasks += share.tasks;
    names.push_back(node_name(state, share.node));
    if (share.part != NodeShare{}) put_share(state, share.part, to->add_shares());
  }
  to->set_sharing(std::string(to_text(step.request.sharing)));
  to->set_queued_us(step.queued.us);
  to->set_step(step.id.value);
  to->set_name(step.request.name.empty() ? step_name(step.id) : step.request.name);
  to->set_state(std::string(step_state(step)));
  to->set_nodes(fold_node_list(names));
  to->set_tasks(tasks);
  to->set_started_us(step.started.us);
  to->set_ended_us(step.ended.us);
  if (step.is_ended()) wire::put(step.result, to->mutable_result());
}

void put_bindings(const core::State& state, const core::Job& job, wire::JobView* to) {
  const std::string& partition = core::partition_of(job);
  const core::StepBinder binder(state.record, job.request, partition, job.run->allocation);
  std::size_t at = 0;
  for (const core::Step& step : job.run->steps) {
    wire::StepView* view = to->mutable_steps(static_cast<int>(at++));
    if (step.id == step_batch) continue;
    for (std::size_t i = 0; i < step.shares.size(); ++i) {
      wire::BindingView* entry = view->add_bindings();
      entry->set_node(node_name(state, step.shares[i].node));
      const auto bound = binder.bind(step.request, step.shares[i]);
      entry->set_not_bound(bound ? bound->not_bound : bound.error().message);
      if (!bound) continue;
      const auto ranks = core::ranks_of(job.request, step.request, step.shares, i);
      for (std::string& line : binding_map(*bound->node_class, bound->room, bound->plan, ranks)) {
        entry->add_map(std::move(line));
      }
    }
  }
}

std::string job_nodes(const core::State& state, const core::Job& job) {
  std::vector<std::string> names;
  names.reserve(job.run->allocation.nodes.size());
  for (const NodeShare& share : job.run->allocation.nodes)
    names.push_back(node_name(state, share.node));
  return fold_node_list(names);
}

std::string output_path(const core::State& state, const core::Job& job, bool error) {
  if (core::is_array(job)) return {};
  const JobRequest& request = job.request;
  const bool is_batch = request.common->kind == JobKind::batch;
  const StepRequest& step = request.common->initial_step;
  std::string pattern = is_batch ? request.common->output : step.output;
  if (is_batch && pattern.empty()) pattern = default_output_pattern(core::is_element(job));
  const std::string& of_errors = is_batch ? request.common->error : step.error;
  if (error && !of_errors.empty()) pattern = of_errors;
  if (pattern.empty()) return {};  // it goes to the client
  const std::string node = job.run->allocation.nodes.empty()
                               ? ""
                               : node_name(state, job.run->allocation.nodes.front().node);
  PatternValues values;
  values.job = values.array_job = job.id;
  if (core::is_element(job)) {
    values.array_job = job.array;
    values.array_index = job.index;
  }
  if (!is_batch) values.step = StepId{0};
  values.node = node;
  values.user = request.common->user.name;
  values.job_name = request.name;
  const auto path = expand_pattern(pattern, values);
  if (!path) return {};
  const std::string& directory = is_batch ? request.common->directory : step.directory;
  if (path->starts_with('/')) return *path;
  return directory + (directory.ends_with('/') ? "" : "/") + *path;
}

void put_job(const core::State& state,
             const core::Plan& plan,
             const core::Job& job,
             Detail detail,
             wire::JobView* to) {
  const JobState seen = job_state(job);
  const std::string_view word = to_text(seen);
  put_id(job, detail, to);
  to->set_name(job.request.name);
  to->set_user(job.request.common->user.name);
  const bool has_started = job.attempt != Attempt{} && job.phase != JobPhase::pending;
  const std::vector<std::string>& asked = job.request.common->partitions;
  if (has_started || asked.size() == 1) {
    to->set_partition(has_started ? core::partition_of(job) : asked.front());
  } else {
    to->set_partition(join(asked, ","));
  }
  to->set_state(word.data(), word.size());
  to->set_is_final(is_final(seen));
  put_reason(state, plan, job, to);
  // A job that waits again still has the nodes of its last attempt.
  if (job.phase == JobPhase::pending || job.run->allocation.nodes.empty()) {
    put_request_size(job.request, to);
  } else {
    put_allocation_size(state, job, to);
  }
  to->set_started_us(job.run->started.us);
  to->set_ended_us(job.run->ended.us);
  to->set_time_limit_us(job.request.time_limit.us);
  put_standing(state, job, to);
  if (detail != Detail::brief) put_usual(state, job, to);
  if (detail == Detail::full) put_full(state, job, to);
}

void put_elements(const core::State& state,
                  const core::Plan& plan,
                  const core::Job& array,
                  const ArraySpec& elements,
                  bool is_cancelled,
                  Detail detail,
                  wire::JobView* to) {
  put_job(state, plan, array, detail, to);
  const bool is_one = elements.count() == 1;
  ArraySpec shown = elements;
  if (is_one || is_cancelled) shown.at_once_max = 0;
  to->set_id(elements_text(array.id.value, shown));
  to->set_elements(array_text(shown));
  to->clear_counts();
  if (is_one) {
    to->set_index(elements.first());
    to->set_is_element(true);
  }
  if (!is_cancelled) return;
  to->set_state(std::string(to_text(JobState::cancelled)));
  if (detail != Detail::brief) {
    to->set_state_letters(std::string(state_letters(JobState::cancelled)));
  }
  to->set_is_final(true);
  to->clear_reason();
  to->clear_exit_code();
  to->clear_signal();
}

}  // namespace cox::ctld
