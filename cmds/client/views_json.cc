// The wire's views as JSON, member by member in the order of the message.
#include "cmds/client/views.h"
#include "model/array_spec.h"
#include "model/time.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace {

/// None, where the wire has `none`.
void write_unless(std::string_view key, std::int64_t value, std::int64_t none, JsonWriter* json) {
  if (value == none) return json->null(key);
  json->number(key, value);
}

void write_limit(std::string_view key, std::int64_t us, JsonWriter* json) {
  write_unless(key, us, duration_unlimited.us, json);
}

template <class Texts>
void write_texts(std::string_view key, const Texts& texts, JsonWriter* json) {
  json->begin_array(key);
  for (const std::string& text : texts) json->item(text);
  json->end_array();
}

void write_request(const wire::JobRequest& request, JsonWriter* json) {
  json->begin_object("request");
  json->boolean("interactive", request.kind() == 1);
  const auto array = wire::take(request.array(), request.array_at_once());
  array && !array->empty() ? json->text("array", array_text(*array)) : json->null("array");
  json->text("qos", request.qos());
  json->text("comment", request.comment());
  write_texts("argv", request.argv(), json);
  json->text("directory", request.directory());
  json->text("submit_host", request.submit_host());
  write_texts("partitions", request.partitions(), json);
  write_texts("nodes_wanted", request.nodes_wanted(), json);
  write_texts("nodes_excluded", request.nodes_excluded(), json);
  json->text("constraint", request.constraint());
  json->text("prefer", request.prefer());
  json->text("licenses", licenses_text(request));
  json->text("switches", switches_text(request));
  json->boolean("switches_over", request.switches_over());
  write_instant("begin_us", request.begin_us(), json);
  json->number("nice", request.nice());
  json->boolean("held", request.held());
  json->boolean("requeue", request.requeue());
  json->begin_object("labels");
  for (const auto& [key, value] : request.labels()) json->text(key, value);
  json->end_object();
  json->begin_array("components");
  for (const wire::Component& part : request.components()) {
    json->begin_object();
    json->number("nodes_min", part.nodes_min());
    json->number("nodes_max", part.nodes_max());
    write_unless("tasks", part.tasks(), 0, json);
    write_unless("tasks_per_node", part.tasks_per_node(), 0, json);
    write_unless("cpus_per_task", part.cpus_per_task(), 0, json);
    write_unless("memory_per_node_mib", part.memory_per_node_mib(), -1, json);
    write_unless("memory_per_cpu_mib", part.memory_per_cpu_mib(), -1, json);
    json->boolean("exclusive", part.exclusive());
    json->boolean("exclusive_user", part.exclusive_user());
    json->end_object();
  }
  json->end_array();
  json->end_object();
}

void write_share_members(const wire::NodeShareView& share, JsonWriter* json) {
  json->text("node", share.node());
  json->text("cores", share.cores());
  json->begin_array("memory_mib");
  for (const std::int64_t mib : share.memory_mib()) json->item(mib);
  json->end_array();
  json->text("devices", share.devices());
  json->number("tasks", share.tasks());
}

/// How the tasks on a node are bound; `not_bound`: why they are not.
void write_binding(const wire::BindingView& binding, JsonWriter* json) {
  json->begin_object();
  json->text("node", binding.node());
  binding.not_bound().empty() ? json->null("not_bound")
                              : json->text("not_bound", binding.not_bound());
  json->begin_array("map");
  for (const std::string& line : binding.map()) json->item(line);
  json->end_array();
  json->end_object();
}

/// What a step may use of a node.
void write_step_share(const wire::NodeShareView& share, JsonWriter* json) {
  json->begin_object();
  write_share_members(share, json);
  json->end_object();
}

void write_share(const wire::NodeShareView& share, JsonWriter* json) {
  json->begin_object();
  write_share_members(share, json);
  json->boolean("freed", share.freed());
  json->end_object();
}

void write_step(const wire::StepView& step, JsonWriter* json) {
  json->begin_object();
  write_members(step, json);
  json->end_object();
}

/// Its row where jobs take turns, and whether its tasks stand still.
void write_standing(const wire::JobView& job, JsonWriter* json) {
  write_unless("row", job.row(), 0, json);
  write_unless("turn", job.turn(), 0, json);
  write_instant("suspended_us", job.suspended_us(), json);
  job.suspended_us() == 0 ? json->null("suspended_by")
                          : json->number("suspended_by", job.suspended_by());
  write_instant("stands_us", job.stands_us(), json);
  json->number("stood_us", std::int64_t{job.stood_us()});
}

/// "8 COMPLETED, 2 FAILED" as numbers by state.
void write_counts(const std::string& counts, JsonWriter* json) {
  if (counts.empty()) return json->null("element_states");
  json->begin_object("element_states");
  for (const std::string_view one : split(counts, ',')) {
    const std::vector<std::string_view> words = split(trim(one), ' ');
    if (words.size() == 2) json->number(std::string(words[1]), parse_u64(words[0]).value_or(0));
  }
  json->end_object();
}

void write_details(const wire::JobView& job, JsonWriter* json) {
  write_counts(job.counts(), json);
  job.requeue_reason().empty() ? json->null("requeue_reason")
                               : json->text("requeue_reason", job.requeue_reason());
  json->text("output_path", job.output_path());
  json->text("error_path", job.error_path());
  write_request(job.request(), json);
  json->begin_array("steps");
  for (const wire::StepView& step : job.steps()) write_step(step, json);
  json->end_array();
  json->begin_array("shares");
  for (const wire::NodeShareView& share : job.shares()) write_share(share, json);
  json->end_array();
}

}  // namespace

void write_instant(std::string_view key, std::int64_t us, JsonWriter* json) {
  us == 0 ? json->null(key) : json->number(key, us);
}

void write_usage(const wire::Usage& usage, JsonWriter* json) {
  json->begin_object("usage");
  json->number("user_us", std::int64_t{usage.user_us()});
  json->number("system_us", std::int64_t{usage.system_us()});
  json->number("memory_peak_bytes", std::int64_t{usage.memory_peak_bytes()});
  json->end_object();
}

void write_array(const wire::JobView& job, JsonWriter* json) {
  json->text("id", job.id().empty() ? std::to_string(job.job()) : job.id());
  const bool is_of_array = job.array() != 0;
  is_of_array ? json->number("array", std::uint64_t{job.array()}) : json->null("array");
  job.is_element() ? json->number("index", job.index()) : json->null("index");
  job.elements().empty() ? json->null("elements") : json->text("elements", job.elements());
}

void write_end(std::optional<std::int32_t> exit_code, std::int32_t signal, JsonWriter* json) {
  exit_code ? json->number("exit_code", *exit_code) : json->null("exit_code");
  write_unless("signal", signal, 0, json);
}

void write_json(const wire::JobView& job, JsonWriter* json) {
  json->begin_object();
  json->number("job", std::uint64_t{job.job()});
  write_array(job, json);
  json->text("name", job.name());
  json->text("user", job.user());
  json->number("uid", job.uid());
  json->number("gid", job.gid());
  json->text("account", job.account());
  json->text("partition", job.partition());
  json->text("state", job.state());
  json->boolean("is_final", job.is_final());
  json->text("reason", job.reason());
  json->number("reason_amount", std::uint64_t{job.reason_amount()});
  json->text("why", job.why());
  json->number("nodes", job.nodes());
  json->number("cpus", job.cpus());
  json->number("tasks", job.tasks());
  json->text("node_list", job.node_list());
  json->number("submitted_us", std::int64_t{job.submitted_us()});
  write_instant("started_us", job.started_us(), json);
  write_instant("ended_us", job.ended_us(), json);
  write_limit("time_limit_us", job.time_limit_us(), json);
  json->number("attempt", job.attempt());
  write_end(exit_code_of(job), job.signal(), json);
  write_usage(job.usage(), json);
  write_standing(job, json);
  if (job.has_request()) write_details(job, json);
  json->end_object();
}

void write_members(const wire::StepView& step, JsonWriter* json) {
  json->text("step", step.step() >= 0xFFFF'FFF0U ? step.name() : std::to_string(step.step()));
  json->text("name", step.name());
  json->text("state", step.state());
  json->text("nodes", step.nodes());
  json->number("tasks", step.tasks());
  write_instant("started_us", step.started_us(), json);
  write_instant("ended_us", step.ended_us(), json);
  write_end(exit_code_of(step), step.result().signal(), json);
  json->text("detail", step.result().detail());
  write_usage(step.result().usage(), json);
  json->text("sharing", step.sharing());
  write_instant("queued_us", step.queued_us(), json);
  step.waits().empty() ? json->null("waits") : json->text("waits", step.waits());
  json->begin_array("shares");
  for (const wire::NodeShareView& share : step.shares()) write_step_share(share, json);
  json->end_array();
  step.bind().empty() ? json->null("bind") : json->text("bind", step.bind());
  step.distribution().empty() ? json->null("distribution")
                              : json->text("distribution", step.distribution());
  json->begin_array("bindings");
  for (const wire::BindingView& binding : step.bindings()) write_binding(binding, json);
  json->end_array();
}

void write_json(const wire::StepView& step, JsonWriter* json) {
  write_step(step, json);
}

void write_json(const wire::NodeView& node, JsonWriter* json) {
  json->begin_object();
  json->text("name", node.name());
  json->text("state", node.state());
  json->text("reason", node.reason());
  json->text("node_class", node.node_class());
  json->number("cores", node.cores());
  json->number("cores_used", node.cores_used());
  json->number("memory_mib", std::int64_t{node.memory_mib()});
  json->number("memory_used_mib", std::int64_t{node.memory_used_mib()});
  json->number("packages", node.packages());
  json->number("numa_nodes", node.numa_nodes());
  write_texts("devices", node.devices(), json);
  json->text("partitions", node.partitions());
  json->text("containment", node.containment());
  json->text("version", node.version());
  json->text("boot_id", node.boot_id());
  json->text("address", node.address());
  write_instant("last_heard_us", node.last_heard_us(), json);
  json->number("score", node.score());
  write_instant("rests_until_us", node.rests_until_us(), json);
  json->boolean("is_thissystem", node.is_thissystem());
  json->boolean("shares_machine", node.shares_machine());
  json->begin_object("labels");
  for (const auto& [key, value] : take_labels(node.labels())) json->text(key, value);
  json->end_object();
  json->text("aside_by", node.aside_who());
  write_instant("aside_at_us", node.aside_at_us(), json);
  json->text("reboot_by", node.reboot_who());
  write_instant("reboot_asked_us", node.reboot_asked_us(), json);
  write_instant("reboot_begun_us", node.reboot_begun_us(), json);
  json->begin_array("jobs");
  for (const std::uint64_t job : node.jobs()) json->item(job);
  json->end_array();
  json->begin_array("rows");
  for (const wire::NodeRow& row : node.rows()) {
    json->begin_object();
    json->number("row", row.row());
    json->number("job", std::uint64_t{row.job()});
    json->boolean("stands", row.stands());
    json->end_object();
  }
  json->end_array();
  write_texts("job_ids", node.job_names(), json);
  json->end_object();
}

void write_json(const wire::PartitionView& partition, JsonWriter* json) {
  json->begin_object();
  json->text("name", partition.name());
  json->boolean("is_default", partition.is_default());
  json->number("nodes", partition.nodes());
  json->number("cores", partition.cores());
  json->number("cores_used", partition.cores_used());
  write_limit("default_time_us", partition.default_time_us(), json);
  write_limit("max_time_us", partition.max_time_us(), json);
  json->text("node_list", partition.node_list());
  json->text("state", partition.state());
  json->text("reason", partition.reason());
  json->text("down_by", partition.down_who());
  write_instant("down_since_us", partition.down_since_us(), json);
  json->number("nodes_usable", partition.nodes_usable());
  json->number("jobs_pending", std::uint64_t{partition.jobs_pending()});
  json->number("max_nodes", partition.max_nodes());
  json->number("tier", partition.tier());
  json->text("select", partition.select());
  json->text("cpu", partition.cpu());
  json->text("share", partition.share());
  write_unless("rows", partition.rows(), 0, json);
  write_unless("slice_us", partition.slice_us(), 0, json);
  json->number("rows_used", partition.rows_used());
  write_unless("turn", partition.turn(), 0, json);
  write_instant("turn_since_us", partition.turn_since_us(), json);
  json->end_object();
}

void write_verdict(const wire::Explanation& explanation, JsonWriter* json) {
  json->boolean("starts_now", !explanation.nodes().empty());
  explanation.nodes().empty() ? json->null("nodes") : json->text("nodes", explanation.nodes());
  json->text("summary", explanation.summary());
  json->begin_array("checks");
  for (const wire::Check& check : explanation.checks()) {
    json->begin_object();
    json->text("name", check.name());
    json->boolean("passed", check.passed());
    json->text("detail", check.detail());
    json->number("amount", std::uint64_t{check.amount()});
    json->end_object();
  }
  json->end_array();
  json->text("next_event", explanation.next_event());
}

namespace {

void write_contrast(const wire::Explanation& explanation, JsonWriter* json) {
  if (!explanation.has_contrast()) return json->null("contrast");
  constexpr double per_point = 1000;
  const wire::Contrast& contrast = explanation.contrast();
  json->begin_object("contrast");
  json->text("other", contrast.other());
  contrast.partition().empty() ? json->null("partition")
                               : json->text("partition", contrast.partition());
  json->boolean("is_before", contrast.is_before());
  json->text("summary", contrast.summary());
  json->begin_array("terms");
  for (const wire::ContrastTerm& term : contrast.terms()) {
    json->begin_object();
    json->text("name", term.name());
    json->real("mine", static_cast<double>(term.mine()) / per_point);
    json->real("theirs", static_cast<double>(term.theirs()) / per_point);
    json->end_object();
  }
  json->end_array();
  contrast.crossing_us() == 0 ? json->null("crossing_us")
                              : json->number("crossing_us", std::int64_t{contrast.crossing_us()});
  json->end_object();
}

}  // namespace

void write_json(const wire::Explanation& explanation, JsonWriter* json) {
  json->number("job", std::uint64_t{explanation.job()});
  json->text("id", explanation.id().empty() ? std::to_string(explanation.job()) : explanation.id());
  json->text("state", explanation.state());
  write_verdict(explanation, json);
  write_contrast(explanation, json);
  json->begin_array("suggestions");
  for (const wire::Suggestion& one : explanation.suggestions()) {
    json->begin_object();
    json->text("change", one.change());
    json->number("start_us", std::int64_t{one.start_us()});
    json->boolean("is_now", one.is_now());
    json->boolean("is_estimate", one.is_estimate());
    json->end_object();
  }
  json->end_array();
}

}  // namespace cox::cmds
