// Which facts end something, and what is worth keeping of it.
#include "ctld/history_rows.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/node_list.h"
#include "common/text.h"
#include "core/job/array.h"
#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "ctld/translate/replies.h"

namespace cox::ctld {

namespace {

constexpr std::size_t command_bytes_max = 1024;

std::string node_name(const core::State& state, NodeId id) {
  const core::Node* node = state.find_node(id);
  return node == nullptr ? "?" : node->name;
}

/// Whole UTF-8 characters only.
std::string cut(std::string text) {
  if (text.size() <= command_bytes_max) return text;
  std::size_t end = command_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

std::string command_text(const std::vector<std::string>& argv) {
  std::string text;
  for (const std::string& word : argv) {
    if (text.size() > command_bytes_max) break;
    if (!text.empty()) text += ' ';
    text += word;
  }
  return cut(std::move(text));
}

void put_who(const JobRequest& request, AttemptRow* to) {
  to->uid = request.common->user.uid;
  to->gid = request.common->user.gid;
  to->user = request.common->user.name;
  to->account = request.common->account;
  to->qos = request.common->qos;
}

void put_what(const JobRequest& request, AttemptRow* to) {
  to->name = request.name;
  to->partition = join(request.common->partitions, ",");
  to->kind = request.common->kind == JobKind::batch ? "batch" : "interactive";
  to->comment = request.common->comment;
  to->command = command_text(request.common->has_initial_step ? request.common->initial_step.argv
                                                              : request.argv);
  to->directory = request.common->directory;
  to->submit_host = request.common->submit_host;
  if (!request.script.empty()) {
    to->script_hash = to_hex(
        {reinterpret_cast<const char*>(request.script.bytes.data()), request.script.bytes.size()});
  }
  to->labels = request.common->labels;
  to->time_limit = request.time_limit;
}

std::string codes_text(const std::vector<ExitRange>& codes) {
  std::vector<std::string> texts;
  for (const ExitRange& range : codes) {
    const bool is_one = range.first == range.last;
    texts.push_back(std::to_string(range.first) + (is_one ? "" : "-" + std::to_string(range.last)));
  }
  return join(texts, ",");
}

/// What it had to wait for, and its manners.
void put_terms(const JobRequest& request, AttemptRow* to) {
  const JobCommon& common = *request.common;
  to->begin = request.begin;
  if (!request.terms.is_blank()) {
    to->dependency = cut(dependency_text(request.terms->dependency));
    to->deadline = request.terms->deadline;
  }
  to->early_signal = common.early_signal.signal;
  to->early_signal_before = common.early_signal.before;
  to->early_signal_batch = common.early_signal.batch_only;
  to->retry_times = common.retry.times;
  to->retry_codes = codes_text(common.retry.codes);
  to->nice = common.nice;
  to->requeue = common.requeue ? 1 : 0;
}

void put_asked(const JobRequest& request, AttemptRow* to) {
  if (request.common->components.empty()) return;
  const Component& part = request.common->components.front();
  to->asked_nodes_min = part.nodes_min;
  to->asked_nodes_max = part.nodes_max;
  to->asked_tasks =
      part.tasks != 0 ? part.tasks : part.nodes_min * std::max(part.tasks_per_node, 1U);
  to->asked_cpus = to->asked_tasks * std::max(part.cpus_per_task, 1U);
  to->asked_memory_mib = part.memory_per_node_mib;
  to->asked_memory_per_cpu_mib = part.memory_per_cpu_mib;
  to->exclusive = part.exclusive;
  std::vector<std::string> devices;
  for (const DeviceRequest& one : part.devices) {
    devices.push_back(device_kind(one.name, one.type) + ":" + std::to_string(one.count));
  }
  to->asked_devices = join(devices, ",");
}

/// Counts by name over all nodes. A node that came back as other hardware since the start may lack
/// what the share names.
std::string given_devices(const core::State& state, const Allocation& allocation) {
  std::map<std::string, std::int64_t> counts;
  for (const NodeShare& share : allocation.nodes) {
    const core::Node* node = state.find_node(share.node);
    if (node == nullptr) continue;
    if (share.devices.any()) {
      const auto& known = state.class_of(*node).devices;
      share.devices.for_each([&](std::size_t i) {
        if (i < known.size()) ++counts[device_kind(known[i].name, known[i].type)];
      });
    }
    for (std::size_t i = 0; i < std::min(share.pools.size(), node->pools.size()); ++i) {
      const Pool& pool = node->pools[i];
      if (share.pools[i] != 0) counts[device_kind(pool.name, pool.type)] += share.pools[i];
    }
  }
  std::vector<std::string> texts;
  for (const auto& [name, count] : counts) texts.push_back(name + ":" + std::to_string(count));
  return join(texts, ",");
}

/// "n[1-2]:0-3;n3:0": nodes in order, neighbours with the same cores together.
std::string given_cores(const core::State& state, const Allocation& allocation) {
  std::string text;
  std::vector<std::string> names;
  std::string cores;
  const auto close = [&] {
    if (names.empty()) return;
    text += (text.empty() ? "" : ";") + fold_node_list(names) + ":" + cores;
    names.clear();
  };
  for (const NodeShare& share : allocation.nodes) {
    std::string here = share.cores.to_ranges();
    if (here != cores) close();
    cores = std::move(here);
    names.push_back(node_name(state, share.node));
  }
  close();
  return text;
}

void put_given(const core::State& state, const core::Job& job, AttemptRow* to) {
  to->nodes = static_cast<std::uint32_t>(job.run->allocation.nodes.size());
  for (const NodeShare& share : job.run->allocation.nodes) {
    to->tasks += share.tasks;
    to->cpus += static_cast<std::uint32_t>(share.cores.count());
    std::int64_t memory_mib = 0;
    for (const std::int64_t mib : share.memory_mib) memory_mib += mib;
    to->memory_mib = std::max(to->memory_mib, memory_mib);
  }
  to->devices = given_devices(state, job.run->allocation);
  to->node_list = job_nodes(state, job);
  to->cores = given_cores(state, job.run->allocation);
}

/// Everything but how it ended. `has_started`: false for a job that ended while it waited.
AttemptRow& begin_row(const core::State& state,
                      const core::Job& job,
                      std::uint64_t sequence,
                      bool has_started,
                      HistoryRows* to) {
  AttemptRow& row = to->attempts.emplace_back();
  row.job = job.id;
  row.attempt = job.attempt;
  row.sequence = sequence;
  if (core::is_element(job)) {
    row.array = job.array;
    row.index = job.index;
  }
  put_who(job.request, &row);
  put_what(job.request, &row);
  put_asked(job.request, &row);
  put_terms(job.request, &row);
  row.submitted = job.submitted;
  row.eligible = std::max(job.submitted, job.request.begin);
  row.requeues = job.run->attempts_run - (job.run->released.is_set() ? 1U : 0U);
  row.output_path = output_path(state, job, false);
  row.error_path = output_path(state, job, true);
  if (has_started) {
    row.started = job.run->started;
    row.stood = job.run->stood;
    put_given(state, job, &row);
  } else if (job.attempt != Attempt{}) {
    row.attempt = Attempt{job.attempt.value + 1};
  }
  return row;
}

bool is_by_somebody(EndCause cause) {
  return cause == EndCause::cancelled || cause == EndCause::requeued;
}

/// A row of the array's own, with the next number among these.
AttemptRow& begin_array_row(const core::State& state,
                            const core::Job& array,
                            std::uint64_t sequence,
                            Instant at,
                            const char* kind,
                            HistoryRows* to) {
  AttemptRow& row = begin_row(state, array, sequence, false, to);
  row.attempt = Attempt{array.run->array->cancels};
  row.array = array.id;
  row.kind = kind;
  row.ended = at;
  row.output_path.clear();
  row.error_path.clear();
  return row;
}

void add_row(const core::State& state,
             const core::ElementsCancelled& fact,
             std::uint64_t sequence,
             HistoryRows* to) {
  AttemptRow& row =
      begin_array_row(state, *state.find_job(fact.job), sequence, fact.at, "elements", to);
  row.is_last = true;
  row.elements = array_text(fact.elements);
  row.state = to_text(JobState::cancelled);
  row.failure = failure_class(EndCause::cancelled, true);
  if (!fact.by_controller) row.ended_by = fact.by;
  row.reason = fact.why;
}

/// What a shell would say of the whole; its elements have rows of their own.
void add_array_row(const core::State& state,
                   const core::Job& array,
                   const core::JobEnded& fact,
                   std::uint64_t sequence,
                   HistoryRows* to) {
  AttemptRow& row = begin_array_row(state, array, sequence, fact.at, "array", to);
  row.elements = array_text(array.request.common->array);
  row.counts = element_counts(state, array);
  row.state = to_text(fact.state);
  row.failure = failure_class(EndCause::finished, fact.state != JobState::completed);
  row.exit_code = fact.exit_code;
  row.signal = fact.signal;
  row.reason = fact.why;
}

void add_row(const core::State& state,
             const core::JobEnded& fact,
             std::uint64_t sequence,
             HistoryRows* to) {
  const core::Job& job = *state.find_job(fact.job);
  if (core::is_array(job)) return add_array_row(state, job, fact, sequence, to);
  const bool has_started = job.phase != JobPhase::pending;
  AttemptRow& row = begin_row(state, job, sequence, has_started, to);
  row.is_last = true;
  row.ended = fact.at;
  row.state = to_text(fact.state);
  const EndCause cause = has_started                         ? job.run->cause
                         : fact.state == JobState::cancelled ? EndCause::cancelled
                         : fact.state == JobState::deadline  ? EndCause::deadline
                                                             : EndCause::finished;
  row.failure = failure_class(cause, fact.state != JobState::completed);
  if (has_started && is_by_somebody(cause)) row.ended_by = job.run->ended_by;
  if (fact.by) row.ended_by = fact.by;
  row.exit_code = fact.exit_code;
  row.signal = fact.signal;
  row.reason = fact.why;
  if (has_started) row.usage = fact.usage;
}

void add_row(const core::State& state,
             const core::JobRequeued& fact,
             std::uint64_t sequence,
             HistoryRows* to) {
  const core::Job& job = *state.find_job(fact.job);
  AttemptRow& row = begin_row(state, job, sequence, true, to);
  row.ended = fact.at;
  row.state = "REQUEUED";
  row.failure = failure_class(job.run->cause, true);
  const auto initial = core::initial_step(job.request);
  const core::Step* step = initial ? core::find_step(job, *initial) : nullptr;
  if (step != nullptr && step->is_ended()) {
    row.exit_code = step->result.exit_code;
    row.signal = step->result.signal;
  }
  if (is_by_somebody(job.run->cause)) row.ended_by = job.run->ended_by;
  row.reason = fact.why;
  row.usage = core::counted_usage(job.run->usage, core::usage_of_steps(job));
}

void add_row(const core::State& state,
             const core::StartUndone& fact,
             std::uint64_t sequence,
             HistoryRows* to) {
  AttemptRow& row = begin_row(state, *state.find_job(fact.job), sequence, true, to);
  row.ended = fact.at;
  row.state = "UNDONE";
  row.failure = failure_class(EndCause::launch_failed, true);
  row.reason = fact.why;
}

/// Of a job of which nothing else is left: who looks for its id finds what became of it.
void add_row(const core::State& state,
             const core::JobQuarantined& fact,
             std::uint64_t sequence,
             HistoryRows* to) {
  if (state.find_job(fact.job) != nullptr) return;
  AttemptRow& row = to->attempts.emplace_back();
  row.job = fact.job;
  row.attempt = fact.attempt;
  row.sequence = sequence;
  row.is_last = true;
  row.name = "unreadable";
  row.ended = fact.at;
  row.state = to_text(JobState::failed);
  row.failure = "record";
  row.reason = fact.why;
}

void put_shares(const core::State& state, const core::Step& step, StepRow* to) {
  std::vector<std::string> names;
  for (const core::StepShare& share : step.shares) {
    to->tasks += share.tasks;
    names.push_back(node_name(state, share.node));
  }
  to->nodes = static_cast<std::uint32_t>(names.size());
  to->node_list = fold_node_list(names);
}

void add_row(const core::State& state,
             const core::StepEnded& fact,
             std::uint64_t sequence,
             HistoryRows* to) {
  const core::Job& job = *state.find_job(fact.job);
  const core::Step* step = core::find_step(job, fact.step);
  if (step == nullptr) return;
  StepRow row;
  row.job = fact.job;
  row.attempt = fact.attempt;
  row.step = fact.step;
  row.sequence = sequence;
  row.uid = job.request.common->user.uid;
  row.user = job.request.common->user.name;
  row.name = step->request.name.empty() ? step_name(step->id) : step->request.name;
  row.command = command_text(step->request.argv);
  row.started = step->started;
  row.ended = fact.at;
  row.state = ended_step_state(fact.result);
  row.failure = failure_class(fact.result.cause, row.state != "COMPLETED");
  row.exit_code = fact.result.exit_code;
  row.signal = fact.result.signal;
  row.tasks_failed = fact.result.tasks_failed;
  row.reason = fact.result.detail;
  row.asked_nodes = step->request.nodes;
  row.asked_tasks = step->request.tasks;
  row.asked_cpus_per_task = step->request.cpus_per_task;
  put_shares(state, *step, &row);
  row.usage = fact.result.usage;
  to->steps.push_back(std::move(row));
}

template <class Fact>
void add_row(const core::State&, const Fact&, std::uint64_t, HistoryRows*) {}

}  // namespace

std::string_view failure_class(EndCause cause, bool has_failed) {
  switch (cause) {
    case EndCause::time_limit:
      return "time_limit";
    case EndCause::deadline:
      return "deadline";
    case EndCause::out_of_memory:
      return "memory";
    case EndCause::node_lost:
      return "node";
    case EndCause::supervisor_lost:
      return "supervisor";
    case EndCause::launch_failed:
      return "launch";
    case EndCause::cancelled:
      return "cancelled";
    case EndCause::requeued:
      return "requeued";
    case EndCause::client_gone:
      return "client";
    case EndCause::none:
    case EndCause::finished:
    case EndCause::bad_exit:
      break;
  }
  return has_failed ? "program" : "none";
}

void add_history_rows(const core::State& state,
                      const core::Fact& fact,
                      std::uint64_t sequence,
                      HistoryRows* to) {
  std::visit([&](const auto& one) { add_row(state, one, sequence, to); }, fact);
}

}  // namespace cox::ctld
