// Text and columns of the controller's views.
#include "cmds/client/views.h"

#include <array>
#include <ctime>

#include "cmds/client/local_instants.h"
#include "cmds/client/submission.h"
#include "common/text.h"
#include "model/memory_text.h"
#include "model/time.h"

namespace cox::cmds {

std::string id_text(const wire::JobView& job) {
  constexpr std::size_t most = 48;
  const std::string id = job.id().empty() ? std::to_string(job.job()) : job.id();
  if (id.size() <= most) return id;
  const std::size_t comma = id.rfind(',', most - 8);
  const std::size_t limit = id.find('%');
  if (comma == std::string::npos) return id;
  return id.substr(0, comma) + ",..." + (limit == std::string::npos ? "]" : id.substr(limit));
}

std::string local_time(std::int64_t us) {
  if (us == 0) return "-";
  const std::time_t seconds_utc = us / 1'000'000;
  std::tm local{};
  ::localtime_r(&seconds_utc, &local);
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &local);
  return std::string(text.data(), length);
}

std::int64_t stood_us(const wire::JobView& job, std::int64_t now_us) {
  const bool stands = job.stands_us() != 0 && now_us > job.stands_us();
  return job.stood_us() + (stands ? now_us - job.stands_us() : 0);
}

std::string run_time(const wire::JobView& job, std::int64_t now_us) {
  if (job.started_us() == 0) return "-";
  const std::int64_t end = job.ended_us() == 0 ? now_us : job.ended_us();
  const std::int64_t ran = end - job.started_us() - stood_us(job, now_us);
  return to_text(Duration{ran > 0 ? ran : 0});
}

std::string limit_text(std::int64_t limit_us) {
  const bool is_limited = limit_us > 0 && limit_us < duration_unlimited.us;
  return to_text(is_limited ? Duration{limit_us} : duration_unlimited);
}

std::optional<std::int32_t> exit_code_of(const wire::JobView& job) {
  return job.is_final() ? exit_code_of_attempt(job) : std::nullopt;
}

std::optional<std::int32_t> exit_code_of_attempt(const wire::JobView& attempt) {
  if (attempt.signal() != 0) return std::nullopt;
  if (attempt.exit_code() == 0 && attempt.state() != "COMPLETED") return std::nullopt;
  return attempt.exit_code();
}

std::optional<std::int32_t> exit_code_of(const wire::StepView& step) {
  const wire::StepResult& result = step.result();
  if (step.ended_us() == 0 || result.signal() != 0) return std::nullopt;
  if (result.exit_code() == 0 && step.state() != "COMPLETED") return std::nullopt;
  return result.exit_code();
}

std::string exit_text(const wire::JobView& job) {
  const auto code = exit_code_of(job);
  return code ? std::to_string(*code) : "-";
}

std::string signal_text(const wire::JobView& job) {
  return job.signal() == 0 ? "-" : std::to_string(job.signal());
}

std::string outcome_text(const wire::JobView& job) {
  if (job.signal() != 0) return "signal " + std::to_string(job.signal());
  if (job.exit_code() != 0) return "exit " + std::to_string(job.exit_code());
  return "";
}

std::string licenses_text(const wire::JobRequest& request) {
  std::vector<LicenseRequest> licenses;
  for (const wire::LicenseRequest& one : request.licenses()) {
    licenses.push_back({one.name(), one.count()});
  }
  return license_text(licenses);
}

std::string switches_text(const wire::JobRequest& request) {
  return leaf_limit_text({request.switches(), Duration{request.switches_wait_us()}, false});
}

std::string where_text(const wire::JobView& job) {
  const bool waits_for_turn = job.stands_us() != 0 && job.suspended_us() == 0;
  if (!job.node_list().empty()) {
    return job.node_list() +
           (waits_for_turn ? " (row " + std::to_string(job.turn()) + " runs)" : "");
  }
  if (job.reason().empty() || job.reason() == "None") return "-";
  return "(" + job.reason() + ")";
}

Labels take_labels(const google::protobuf::Map<std::string, std::string>& labels) {
  Labels taken;
  for (const auto& [key, value] : labels) taken.emplace(key, value);
  return taken;
}

std::string labels_text(const google::protobuf::Map<std::string, std::string>& labels) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : take_labels(labels)) texts.push_back(key + "=" + value);
  return join(texts, ",");
}

namespace {

/// Of a node, or of each core: "4G", "2G/cpu".
std::string asked_memory(const wire::JobView& job) {
  if (job.request().components_size() == 0) return "-";
  const wire::Component& part = job.request().components(0);
  if (part.memory_per_cpu_mib() > 0) return memory_text(part.memory_per_cpu_mib()) + "/cpu";
  return part.memory_per_node_mib() > 0 ? memory_text(part.memory_per_node_mib()) : "-";
}

/// Of a node: "gpu:a100:2,fpga:1".
std::string asked_devices(const wire::JobView& job) {
  std::vector<std::string> texts;
  if (job.request().components_size() == 0) return "";
  for (const auto& device : job.request().components(0).devices()) {
    texts.push_back(device_kind(device.name(), device.type()) + ":" +
                    std::to_string(device.count()));
  }
  return join(texts, ",");
}

std::string number_or_dash(std::uint32_t number) {
  return number == 0 ? "-" : std::to_string(number);
}

}  // namespace

const std::vector<Column<wire::JobView>>& job_columns() {
  using Job = wire::JobView;
  static const std::vector<Column<Job>> columns = {
      {"job", true, true, id_text},
      {"name", false, true, [](const Job& j) { return j.name(); }},
      {"user", false, true, [](const Job& j) { return j.user(); }},
      {"partition", false, true, [](const Job& j) { return j.partition(); }},
      {"state", false, true, [](const Job& j) { return j.state(); }},
      {"time", true, true,
       [](const Job& j) { return run_time(j, j.started_us() == 0 ? 0 : wall_now().us); }},
      {"limit", true, true, [](const Job& j) { return limit_text(j.time_limit_us()); }},
      {"nodes", true, true, [](const Job& j) { return std::to_string(j.nodes()); }},
      {"cpus", true, true, [](const Job& j) { return std::to_string(j.cpus()); }},
      {"where", false, true, where_text},
      {"raw", true, false, [](const Job& j) { return std::to_string(j.job()); }},
      {"tasks", true, false, [](const Job& j) { return std::to_string(j.tasks()); }},
      {"uid", true, false, [](const Job& j) { return std::to_string(j.uid()); }},
      {"account", false, false, [](const Job& j) { return j.account(); }},
      {"letters", false, false, [](const Job& j) { return j.state_letters(); }},
      {"reason", false, false, [](const Job& j) { return j.reason(); }},
      {"why", false, false, [](const Job& j) { return with_local_instants(j.why()); }},
      {"attempt", true, false, [](const Job& j) { return std::to_string(j.attempt()); }},
      {"submitted", true, false, [](const Job& j) { return local_time(j.submitted_us()); }},
      {"started", true, false, [](const Job& j) { return local_time(j.started_us()); }},
      {"ended", true, false, [](const Job& j) { return local_time(j.ended_us()); }},
      {"exit", true, false, exit_text},
      {"signal", true, false, [](const Job& j) { return std::to_string(j.signal()); }},
      {"row", true, false, [](const Job& j) { return number_or_dash(j.row()); }},
      {"stood", true, false,
       [](const Job& j) { return to_text(Duration{stood_us(j, wall_now().us)}); }},
      {"qos", false, false, [](const Job& j) { return j.request().qos(); }, true},
      {"memory", true, false, asked_memory, true},
      {"devices", false, false, asked_devices, true},
      {"licenses", false, false, [](const Job& j) { return licenses_text(j.request()); }, true},
      {"labels", false, false, [](const Job& j) { return labels_text(j.request().labels()); },
       true},
      {"comment", false, false, [](const Job& j) { return j.request().comment(); }, true},
  };
  return columns;
}

const std::vector<Column<wire::NodeView>>& node_columns() {
  using Node = wire::NodeView;
  static const std::vector<Column<Node>> columns = {
      {"node", false, true, [](const Node& n) { return n.name(); }},
      {"state", false, true, [](const Node& n) { return n.state(); }},
      {"cores", true, true, [](const Node& n) { return std::to_string(n.cores()); }},
      {"used", true, true, [](const Node& n) { return std::to_string(n.cores_used()); }},
      {"memory", true, true, [](const Node& n) { return memory_text(n.memory_mib()); }},
      {"memused", true, true, [](const Node& n) { return memory_text(n.memory_used_mib()); }},
      {"jobs", true, true, [](const Node& n) { return std::to_string(n.jobs_size()); }},
      {"partitions", false, true, [](const Node& n) { return n.partitions(); }},
      {"reason", false, true, [](const Node& n) { return n.reason(); }},
      {"class", false, false, [](const Node& n) { return n.node_class(); }},
      {"numa", true, false, [](const Node& n) { return std::to_string(n.numa_nodes()); }},
      {"packages", true, false, [](const Node& n) { return std::to_string(n.packages()); }},
      {"containment", false, false, [](const Node& n) { return n.containment(); }},
      {"version", false, false, [](const Node& n) { return n.version(); }},
      {"address", false, false, [](const Node& n) { return n.address(); }},
      {"boot", false, false, [](const Node& n) { return n.boot_id(); }},
      {"heard", false, false, [](const Node& n) { return local_time(n.last_heard_us()); }},
      {"labels", false, false, [](const Node& n) { return labels_text(n.labels()); }},
      {"by", false, false, [](const Node& n) { return n.aside_who(); }},
      {"since", false, false, [](const Node& n) { return local_time(n.aside_at_us()); }},
      {"rows", false, false, rows_text},
  };
  return columns;
}

std::string rows_text(const wire::NodeView& node) {
  std::vector<std::string> texts;
  for (const wire::NodeRow& row : node.rows()) {
    texts.push_back(std::to_string(row.row()) + ":" + std::to_string(row.job()) +
                    (row.stands() ? "" : "*"));
  }
  return texts.empty() ? "-" : join(texts, ",");
}

std::string max_nodes_text(const wire::PartitionView& partition) {
  return partition.max_nodes() == 0 ? "-" : std::to_string(partition.max_nodes());
}

std::string slice_text(const wire::PartitionView& partition) {
  return partition.slice_us() == 0 ? "-" : to_text(Duration{partition.slice_us()});
}

const std::vector<Column<wire::PartitionView>>& partition_columns() {
  using Partition = wire::PartitionView;
  static const std::vector<Column<Partition>> columns = {
      {"partition", false, true, [](const Partition& p) { return p.name(); }},
      {"default", false, true,
       [](const Partition& p) { return std::string(p.is_default() ? "yes" : "no"); }},
      {"state", false, true, [](const Partition& p) { return p.state(); }},
      {"nodes", true, true, [](const Partition& p) { return std::to_string(p.nodes()); }},
      {"cores", true, true, [](const Partition& p) { return std::to_string(p.cores()); }},
      {"used", true, true, [](const Partition& p) { return std::to_string(p.cores_used()); }},
      {"deftime", true, true, [](const Partition& p) { return limit_text(p.default_time_us()); }},
      {"maxtime", true, true, [](const Partition& p) { return limit_text(p.max_time_us()); }},
      {"maxnodes", true, true, max_nodes_text},
      {"nodelist", false, true, [](const Partition& p) { return p.node_list(); }},
      {"reason", false, true, [](const Partition& p) { return with_local_instants(p.reason()); }},
      {"usable", true, false, [](const Partition& p) { return std::to_string(p.nodes_usable()); }},
      {"waiting", true, false, [](const Partition& p) { return std::to_string(p.jobs_pending()); }},
      {"tier", true, false, [](const Partition& p) { return std::to_string(p.tier()); }},
      {"select", false, false, [](const Partition& p) { return p.select(); }},
      {"cpu", false, false, [](const Partition& p) { return p.cpu(); }},
      {"share", false, false, [](const Partition& p) { return p.share(); }},
      {"by", false, false, [](const Partition& p) { return p.down_who(); }},
      {"since", false, false, [](const Partition& p) { return local_time(p.down_since_us()); }},
      {"rows", true, false, [](const Partition& p) { return number_or_dash(p.rows()); }},
      {"rowsused", true, false, [](const Partition& p) { return number_or_dash(p.rows_used()); }},
      {"turn", true, false, [](const Partition& p) { return number_or_dash(p.turn()); }},
      {"slice", true, false, slice_text},
  };
  return columns;
}

}  // namespace cox::cmds
