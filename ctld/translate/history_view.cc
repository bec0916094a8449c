// Checks of history queries; rows as people see them.
#include "ctld/translate/history_view.h"

#include <algorithm>
#include <string>

#include "common/node_list.h"
#include "common/text.h"
#include "ctld/named_elements.h"
#include "model/job_state.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

constexpr int jobs_max = 10'000;
constexpr int words_max = 64;  // states or labels
constexpr std::size_t entries_max = 1000;

Result<void> check_sizes(const wire::HistoryQuery& query) {
  const auto over = [](int count, const char* what, int limit) {
    return bad_usage(std::to_string(count) + " " + what + " are over the limit of " +
                     std::to_string(limit));
  };
  if (query.jobs_size() > jobs_max) return over(query.jobs_size(), "jobs", jobs_max);
  if (query.states_size() > words_max) return over(query.states_size(), "states", words_max);
  if (query.labels_size() > words_max) return over(query.labels_size(), "labels", words_max);
  for (const std::string* text : {&query.user(), &query.account(), &query.partition()}) {
    if (text->size() > wire::text_bytes_max)
      return bad_usage("names of " + std::to_string(text->size()) + " bytes");
    const auto names = static_cast<int>(std::ranges::count(*text, ',')) + 1;
    if (names > words_max) return over(names, "names", words_max);
  }
  return {};
}

Result<std::string> history_state(const std::string& word) {
  const std::string upper = [&word] {
    std::string text = word.substr(0, 32);
    for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return text;
  }();
  if (upper == "REQUEUED" || upper == "UNDONE") return upper;
  const auto state = parse_job_state(upper);
  if (state && is_final(*state)) return std::string(to_text(*state));
  std::vector<std::string> known;
  for (int i = 0; to_text(static_cast<JobState>(i)) != "UNKNOWN"; ++i) {
    const auto one = static_cast<JobState>(i);
    if (is_final(one)) known.emplace_back(to_text(one));
  }
  known.insert(known.end(), {"REQUEUED", "UNDONE"});
  const auto near = nearest(upper, known);
  return bad_usage("state " + quoted(word) + ": not a state of an ended job" +
                   (near ? ", perhaps " + *near : "") + " (there are: " + join(known, ", ") + ")");
}

void put_id(const AttemptRow& row, wire::JobView* to) {
  to->set_job(row.job.value);
  to->set_id(job_name(row.job));
  if (row.array == JobId{}) return;
  to->set_array(row.array.value);
  to->set_elements(row.elements);
  if (row.index) {
    to->set_index(*row.index);
    to->set_is_element(true);
    to->set_id(job_name(row.array, row.index));
  } else if (const auto held = parse_array(row.elements); held && row.kind == "elements") {
    to->set_id(elements_name(row.array, *held));
  }
}

void put_step_row(const StepRow& row, wire::StepView* to) {
  to->set_step(row.step.value);
  to->set_name(row.name);
  to->set_state(row.state);
  to->set_nodes(row.node_list);
  to->set_tasks(row.tasks);
  to->set_started_us(row.started.us);
  to->set_ended_us(row.ended.us);
  to->mutable_result()->set_exit_code(row.exit_code);
  to->mutable_result()->set_signal(row.signal);
  to->mutable_result()->set_tasks_failed(row.tasks_failed);
  to->mutable_result()->set_detail(row.reason);
  wire::put(row.usage, to->mutable_result()->mutable_usage());
}

void put_steps(const AttemptRow& row, const std::vector<StepRow>& steps, wire::JobView* to) {
  auto step = std::ranges::lower_bound(steps, StepKey{row.job, row.attempt, {}}, {}, &StepRow::key);
  for (; step != steps.end() && step->job == row.job && step->attempt == row.attempt; ++step) {
    put_step_row(*step, to->add_steps());
  }
}

void put_request(const AttemptRow& row, wire::JobRequest* to) {
  to->set_kind(row.kind == "interactive" ? 1 : 0);
  to->set_qos(row.qos);
  to->set_comment(row.comment);
  if (!row.command.empty()) to->add_argv(row.command);
  to->set_directory(row.directory);
  to->set_submit_host(row.submit_host);
  for (const std::string_view name : split(row.partition, ','))
    to->add_partitions(std::string(name));
  for (const auto& [key, value] : row.labels) (*to->mutable_labels())[key] = value;
  to->set_time_limit_us(row.time_limit.us);
  wire::Component* part = to->add_components();
  part->set_nodes_min(row.asked_nodes_min);
  part->set_nodes_max(row.asked_nodes_max);
  part->set_tasks(row.asked_tasks);
  if (row.asked_tasks != 0) part->set_cpus_per_task(row.asked_cpus / row.asked_tasks);
  part->set_memory_per_node_mib(row.asked_memory_mib);
  part->set_memory_per_cpu_mib(row.asked_memory_per_cpu_mib);
  part->set_exclusive(row.exclusive);
  const auto array =
      row.kind == "array" ? parse_array(row.elements) : Result<ArraySpec>(ArraySpec{});
  if (array) wire::put(*array, to->mutable_array());
}

/// Rows of before version 4 of the schema have none of these.
void put_terms(const AttemptRow& row, wire::JobRequest* to) {
  to->set_begin_us(row.begin.us);
  to->set_dependency(row.dependency);
  to->set_deadline_us(row.deadline.us);
  to->set_signal(static_cast<std::uint32_t>(row.early_signal));
  to->set_signal_before_us(row.early_signal_before.us);
  to->set_signal_batch(row.early_signal_batch);
  to->set_retry_times(row.retry_times);
  for (const std::string_view range : split(row.retry_codes, ',')) {
    const std::size_t dash = range.find('-');
    const auto first = parse_u64(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_u64(range.substr(dash + 1));
    if (!first || !last) continue;  // none at all
    auto* added = to->add_retry_codes();
    added->set_first(static_cast<std::uint32_t>(*first));
    added->set_last(static_cast<std::uint32_t>(*last));
  }
  to->set_nice(row.nice);
  to->set_requeue(row.requeue == 1);
}

/// "n[1-2]:0-3;n3:0" as one share per node.
void put_shares(const AttemptRow& row, wire::JobView* to) {
  if (row.cores.empty()) return;
  for (const std::string_view part : split(row.cores, ';')) {
    const std::size_t colon = part.rfind(':');
    const auto names = expand_node_list(part.substr(0, colon));
    if (colon == std::string_view::npos || !names) continue;
    for (const std::string& name : *names) {
      wire::NodeShareView* share = to->add_shares();
      share->set_node(name);
      share->set_cores(std::string(part.substr(colon + 1)));
      share->set_freed(true);
    }
  }
}

void put_entry(const AttemptRow& row, const std::vector<StepRow>& steps, wire::HistoryEntry* to) {
  put_past_job(row, {}, false, to->mutable_job());
  put_steps(row, steps, to->mutable_job());
  to->set_is_last(row.is_last);
  to->set_failure(row.failure);
  to->set_has_ended_by(row.ended_by.has_value());
  to->set_ended_by(row.ended_by.value_or(0));
  to->set_group(row.group);
  to->set_qos(row.qos);
  to->set_kind(row.kind);
  to->set_comment(row.comment);
  to->set_command(row.command);
  to->set_directory(row.directory);
  to->set_submit_host(row.submit_host);
  to->set_script_hash(row.script_hash);
  for (const auto& [key, value] : row.labels) (*to->mutable_labels())[key] = value;
  to->set_eligible_us(row.eligible.us);
  to->set_requeues(row.requeues);
  to->set_asked_nodes_min(row.asked_nodes_min);
  to->set_asked_nodes_max(row.asked_nodes_max);
  to->set_asked_tasks(row.asked_tasks);
  to->set_asked_cpus(row.asked_cpus);
  to->set_asked_memory_mib(row.asked_memory_mib);
  to->set_asked_memory_per_cpu_mib(row.asked_memory_per_cpu_mib);
  to->set_asked_devices(row.asked_devices);
  to->set_exclusive(row.exclusive);
  to->set_memory_mib(row.memory_mib);
  to->set_devices(row.devices);
  to->set_cores(row.cores);
}

}  // namespace

Result<HistoryFilter> translate_history_query(const wire::HistoryQuery& query) {
  if (auto checked = check_sizes(query); !checked) return tl::unexpected(checked.error());
  HistoryFilter filter;
  for (const std::uint64_t job : query.jobs()) {
    filter.jobs.emplace_back(job);
    filter.arrays.emplace_back(job);
  }
  auto elements = take_elements(query.elements());
  if (!elements) return tl::unexpected(elements.error());
  filter.elements = std::move(*elements);
  filter.user = query.user();
  filter.account = query.account();
  filter.partition = query.partition();
  for (const std::string& word : query.states()) {
    auto state = history_state(word);
    if (!state) return tl::unexpected(state.error());
    filter.states.push_back(std::move(*state));
  }
  for (const std::string& label : query.labels()) {
    const std::size_t equals = label.find('=');
    const std::string key = label.substr(0, equals);
    if (key.empty()) return bad_usage("label " + quoted(label) + ": KEY or KEY=VALUE is expected");
    std::optional<std::string> value;
    if (equals != std::string::npos) value = label.substr(equals + 1);
    filter.labels.emplace_back(key, std::move(value));
  }
  filter.since = Instant{query.since_us()};
  filter.until = Instant{query.until_us()};
  filter.all_attempts = query.all_attempts();
  filter.no_arrays = true;
  filter.with_steps = query.steps();
  filter.limit =
      query.limit() == 0 ? entries_max : std::min<std::size_t>(query.limit(), entries_max);
  if (query.has_after()) {
    filter.after = HistoryCursor{Instant{query.after().ended_us()}, JobId(query.after().job()),
                                 Attempt(query.after().attempt())};
  }
  return filter;
}

void put_history(const HistoryPage& page, std::size_t bytes, wire::HistoryReply* to) {
  std::size_t used = 0;
  for (const AttemptRow& row : page.attempts) {
    wire::HistoryEntry* entry = to->add_entries();
    put_entry(row, page.steps, entry);
    used += entry->ByteSizeLong();
    const bool is_last = &row == &page.attempts.back();
    if (is_last ? !page.has_more : used < bytes) continue;
    to->mutable_next()->set_ended_us(row.ended.us);
    to->mutable_next()->set_job(row.job.value);
    to->mutable_next()->set_attempt(row.attempt.value);
    return;
  }
}

void put_past_job(const AttemptRow& row,
                  const std::vector<StepRow>& steps,
                  bool full,
                  wire::JobView* to) {
  put_id(row, to);
  to->set_is_past(true);
  to->set_name(row.name);
  to->set_user(row.user);
  to->set_uid(row.uid);
  to->set_gid(row.gid);
  to->set_account(row.account);
  to->set_partition(row.partition);
  to->set_state(row.state);
  const auto state = parse_job_state(row.state);
  to->set_state_letters(state ? std::string(state_letters(*state)) : row.state);
  to->set_is_final(row.is_last || row.kind == "array");
  to->set_why(row.reason);
  const bool has_started = row.started.is_set();
  to->set_nodes(has_started ? row.nodes : row.asked_nodes_min);
  to->set_cpus(has_started ? row.cpus : row.asked_cpus);
  to->set_tasks(has_started ? row.tasks : row.asked_tasks);
  to->set_node_list(row.node_list);
  to->set_submitted_us(row.submitted.us);
  to->set_started_us(row.started.us);
  to->set_ended_us(row.ended.us);
  to->set_time_limit_us(row.time_limit.us);
  to->set_stood_us(row.stood.us);
  to->set_attempt(row.attempt.value);
  to->set_exit_code(row.exit_code);
  to->set_signal(row.signal);
  wire::put(row.usage, to->mutable_usage());
  to->set_output_path(row.output_path);
  to->set_error_path(row.error_path);
  to->set_counts(row.counts);
  if (!full) return;
  put_request(row, to->mutable_request());
  to->set_has_terms(row.requeue >= 0);
  if (to->has_terms()) put_terms(row, to->mutable_request());
  put_steps(row, steps, to);
  put_shares(row, to);
}

}  // namespace cox::ctld
