// Columns and JSON of history entries.
#include "cmds/history/columns.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "cmds/client/local_instants.h"
#include "cmds/client/views.h"
#include "common/text.h"
#include "model/ids.h"
#include "model/memory_text.h"
#include "model/time.h"

namespace cox::cmds {
namespace {

using Entry = wire::HistoryEntry;

/// The time that it ran: that in which it stood still is left out.
std::int64_t elapsed_us(const Entry& entry) {
  const wire::JobView& job = entry.job();
  if (job.started_us() == 0) return 0;
  return std::max<std::int64_t>(job.ended_us() - job.started_us() - job.stood_us(), 0);
}

std::int64_t cpu_us(const Entry& entry) {
  return entry.job().usage().user_us() + entry.job().usage().system_us();
}

double peak_mib(const Entry& entry) {
  return static_cast<double>(entry.job().usage().memory_peak_bytes()) / (1 << 20);
}

std::string span_text(std::int64_t us) {
  return to_text(Duration{us});
}

std::string started_only(const Entry& entry, std::string text) {
  return entry.job().started_us() == 0 ? "-" : std::move(text);
}

std::string cpu_efficiency(const Entry& entry) {
  return percent_text(static_cast<double>(cpu_us(entry)),
                      static_cast<double>(elapsed_us(entry)) * entry.job().cpus());
}

std::string memory_efficiency(const Entry& entry) {
  return percent_text(peak_mib(entry), static_cast<double>(entry.memory_mib()));
}

std::string time_efficiency(const Entry& entry) {
  const std::int64_t limit = entry.job().time_limit_us();
  if (limit >= duration_unlimited.us) return "-";
  return percent_text(static_cast<double>(elapsed_us(entry)), static_cast<double>(limit));
}

std::string peak_text(const Entry& entry) {
  return started_only(entry, memory_text(static_cast<std::int64_t>(std::ceil(peak_mib(entry)))));
}

std::string asked_nodes(const Entry& entry) {
  const std::string least = std::to_string(entry.asked_nodes_min());
  if (entry.asked_nodes_min() == entry.asked_nodes_max()) return least;
  return least + "-" + std::to_string(entry.asked_nodes_max());
}

std::string asked_memory(const Entry& entry) {
  if (entry.asked_memory_mib() == 0) return "all";
  if (entry.asked_memory_mib() > 0) return memory_text(entry.asked_memory_mib());
  if (entry.asked_memory_per_cpu_mib() < 0) return "-";
  return memory_text(entry.asked_memory_per_cpu_mib()) + "/cpu";
}

std::string labels_text(const Entry& entry) {
  std::vector<std::string> labels;
  for (const auto& [key, value] : entry.labels()) {
    labels.push_back(value.empty() ? key : key + "=" + value);
  }
  std::sort(labels.begin(), labels.end());
  return join(labels, ",");
}

std::string wait_text(const Entry& entry) {
  const wire::JobView& job = entry.job();
  return started_only(entry,
                      span_text(std::max<std::int64_t>(job.started_us() - entry.eligible_us(), 0)));
}

std::string exit_text(const Entry& entry) {
  const auto code = exit_code_of_attempt(entry.job());
  return code ? std::to_string(*code) : "-";
}

std::string ended_by(const Entry& entry) {
  if (!entry.has_ended_by()) return "-";
  // An older controller tells the number alone.
  return entry.ended_by_name().empty() ? std::to_string(entry.ended_by()) : entry.ended_by_name();
}

void write_given(std::string_view key, std::int64_t value, JsonWriter* json) {
  value < 0 ? json->null(key) : json->number(key, value);
}

void write_past_step(const wire::StepView& step, JsonWriter* json) {
  json->begin_object();
  json->text("step", step_name(StepId{step.step()}));
  json->text("name", step.name());
  json->text("state", step.state());
  json->text("nodes", step.nodes());
  json->number("tasks", step.tasks());
  json->number("started_us", std::int64_t{step.started_us()});
  json->number("ended_us", std::int64_t{step.ended_us()});
  write_end(exit_code_of(step), step.result().signal(), json);
  json->number("tasks_failed", step.result().tasks_failed());
  json->text("detail", step.result().detail());
  write_usage(step.result().usage(), json);
  json->end_object();
}

void write_who_and_what(const Entry& entry, JsonWriter* json) {
  const wire::JobView& job = entry.job();
  json->text("name", job.name());
  json->text("user", job.user());
  json->number("uid", job.uid());
  json->number("gid", job.gid());
  json->text("group", entry.group());
  json->text("account", job.account());
  json->text("qos", entry.qos());
  json->text("partition", job.partition());
  json->text("kind", entry.kind());
  json->text("comment", entry.comment());
  json->text("command", entry.command());
  json->text("directory", entry.directory());
  json->text("submit_host", entry.submit_host());
  json->text("script_hash", entry.script_hash());
  json->begin_object("labels");
  for (const auto& [key, value] : entry.labels()) json->text(key, value);
  json->end_object();
}

void write_outcome(const Entry& entry, JsonWriter* json) {
  const wire::JobView& job = entry.job();
  json->text("state", job.state());
  json->text("failure", entry.failure());
  entry.has_ended_by() ? json->number("ended_by", entry.ended_by()) : json->null("ended_by");
  entry.has_ended_by() ? json->text("ended_by_name", ended_by(entry)) : json->null("ended_by_name");
  write_end(exit_code_of_attempt(job), job.signal(), json);
  json->text("why", job.why());
  json->number("requeues", entry.requeues());
  json->number("submitted_us", std::int64_t{job.submitted_us()});
  json->number("eligible_us", std::int64_t{entry.eligible_us()});
  write_instant("started_us", job.started_us(), json);
  json->number("ended_us", std::int64_t{job.ended_us()});
  const std::int64_t limit = job.time_limit_us();
  limit >= duration_unlimited.us ? json->null("time_limit_us")
                                 : json->number("time_limit_us", limit);
  json->number("stood_us", std::int64_t{job.stood_us()});
}

void write_resources(const Entry& entry, JsonWriter* json) {
  const wire::JobView& job = entry.job();
  json->begin_object("asked");
  json->number("nodes_min", entry.asked_nodes_min());
  json->number("nodes_max", entry.asked_nodes_max());
  json->number("tasks", entry.asked_tasks());
  json->number("cpus", entry.asked_cpus());
  write_given("memory_mib", entry.asked_memory_mib(), json);
  write_given("memory_per_cpu_mib", entry.asked_memory_per_cpu_mib(), json);
  json->text("devices", entry.asked_devices());
  json->boolean("exclusive", entry.exclusive());
  json->end_object();
  const bool has_started = job.started_us() != 0;
  json->begin_object("given");
  json->number("nodes", has_started ? job.nodes() : 0U);
  json->number("tasks", has_started ? job.tasks() : 0U);
  json->number("cpus", has_started ? job.cpus() : 0U);
  json->number("memory_mib", std::int64_t{entry.memory_mib()});
  json->text("devices", entry.devices());
  json->text("node_list", job.node_list());
  json->text("cores", entry.cores());
  json->end_object();
  write_usage(job.usage(), json);
}

/// Parts of 1; null where there is no whole.
void write_part(std::string_view key, double part, double whole, JsonWriter* json) {
  whole <= 0 ? json->null(key) : json->real(key, part / whole);
}

void write_efficiency(const Entry& entry, JsonWriter* json) {
  const wire::JobView& job = entry.job();
  const auto elapsed = static_cast<double>(elapsed_us(entry));
  const bool is_limited = job.time_limit_us() < duration_unlimited.us;
  json->begin_object("efficiency");
  write_part("cpu", static_cast<double>(cpu_us(entry)), elapsed * job.cpus(), json);
  write_part("memory", peak_mib(entry), static_cast<double>(entry.memory_mib()), json);
  write_part("time", elapsed, is_limited ? static_cast<double>(job.time_limit_us()) : 0, json);
  json->end_object();
}

}  // namespace

std::string percent_text(double part, double whole) {
  if (whole <= 0) return "-";
  return std::to_string(std::llround(100.0 * part / whole)) + "%";
}

const std::vector<Column<Entry>>& history_columns() {
  static const std::vector<Column<Entry>> columns = {
      {"job", true, true, [](const Entry& e) { return id_text(e.job()); }},
      {"name", false, true, [](const Entry& e) { return e.job().name(); }},
      {"user", false, true, [](const Entry& e) { return e.job().user(); }},
      {"partition", false, false, [](const Entry& e) { return e.job().partition(); }},
      {"state", false, true, [](const Entry& e) { return e.job().state(); }},
      {"exit", true, true, exit_text},
      {"ended", true, true, [](const Entry& e) { return local_time(e.job().ended_us()); }},
      {"elapsed", true, true,
       [](const Entry& e) { return started_only(e, span_text(elapsed_us(e))); }},
      {"nodes", true, false, [](const Entry& e) { return std::to_string(e.job().nodes()); }},
      {"cpus", true, true, [](const Entry& e) { return std::to_string(e.job().cpus()); }},
      {"cpueff", true, true, cpu_efficiency},
      {"peak", true, false, peak_text},
      {"memeff", true, true, memory_efficiency},
      {"attempt", true, false, [](const Entry& e) { return std::to_string(e.job().attempt()); }},
      {"uid", true, false, [](const Entry& e) { return std::to_string(e.job().uid()); }},
      {"account", false, false, [](const Entry& e) { return e.job().account(); }},
      {"group", false, false, [](const Entry& e) { return e.group(); }},
      {"qos", false, false, [](const Entry& e) { return e.qos(); }},
      {"kind", false, false, [](const Entry& e) { return e.kind(); }},
      {"failure", false, false, [](const Entry& e) { return e.failure(); }},
      {"signal", true, false, [](const Entry& e) { return signal_text(e.job()); }},
      {"by", false, false, ended_by},
      {"why", false, false, [](const Entry& e) { return with_local_instants(e.job().why()); }},
      {"requeues", true, false, [](const Entry& e) { return std::to_string(e.requeues()); }},
      {"submitted", true, false, [](const Entry& e) { return local_time(e.job().submitted_us()); }},
      {"eligible", true, false, [](const Entry& e) { return local_time(e.eligible_us()); }},
      {"started", true, false, [](const Entry& e) { return local_time(e.job().started_us()); }},
      {"wait", true, false, wait_text},
      {"limit", true, false, [](const Entry& e) { return limit_text(e.job().time_limit_us()); }},
      {"timeeff", true, false, time_efficiency},
      {"tasks", true, false, [](const Entry& e) { return std::to_string(e.job().tasks()); }},
      {"asknodes", true, false, asked_nodes},
      {"asktasks", true, false, [](const Entry& e) { return std::to_string(e.asked_tasks()); }},
      {"askcpus", true, false, [](const Entry& e) { return std::to_string(e.asked_cpus()); }},
      {"askmem", true, false, asked_memory},
      {"askdevices", false, false, [](const Entry& e) { return e.asked_devices(); }},
      {"mem", true, false,
       [](const Entry& e) { return started_only(e, memory_text(e.memory_mib())); }},
      {"devices", false, false, [](const Entry& e) { return e.devices(); }},
      {"where", false, false, [](const Entry& e) { return e.job().node_list(); }},
      {"cores", false, false, [](const Entry& e) { return e.cores(); }},
      {"cputime", true, false, [](const Entry& e) { return span_text(cpu_us(e)); }},
      {"command", false, false, [](const Entry& e) { return e.command(); }},
      {"comment", false, false, [](const Entry& e) { return e.comment(); }},
      {"directory", false, false, [](const Entry& e) { return e.directory(); }},
      {"labels", false, false, labels_text},
      {"steps", true, false, [](const Entry& e) { return std::to_string(e.job().steps_size()); }},
  };
  return columns;
}

void write_json(const Entry& entry, JsonWriter* json) {
  json->begin_object();
  json->number("job", std::uint64_t{entry.job().job()});
  write_array(entry.job(), json);
  json->number("attempt", entry.job().attempt());
  json->boolean("is_last", entry.is_last());
  write_who_and_what(entry, json);
  write_outcome(entry, json);
  write_resources(entry, json);
  write_efficiency(entry, json);
  json->text("output_path", entry.job().output_path());
  json->text("error_path", entry.job().error_path());
  json->begin_array("steps");
  for (const wire::StepView& step : entry.job().steps()) write_past_step(step, json);
  json->end_array();
  json->end_object();
}

}  // namespace cox::cmds
