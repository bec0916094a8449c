// cox show: everything about one job, step, node or partition, or the configuration.
#include <algorithm>
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/labelled.h"
#include "cmds/client/local_instants.h"
#include "cmds/client/session.h"
#include "cmds/client/signal_name.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "cmds/config/reports.h"
#include "cmds/history/columns.h"
#include "cmds/show/sheet.h"
#include "cmds/show/step.h"
#include "common/count_text.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/array_spec.h"
#include "model/memory_text.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace show_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {jobs_label_option, json_option, cluster_option, help_option};
  return table;
}

/// Of an ended job: how much of the cores given was used, over the time it ran.
std::string cpu_efficiency(const wire::JobView& job) {
  if (job.started_us() == 0 || job.ended_us() <= job.started_us()) return "";
  const auto used = static_cast<double>(job.usage().user_us() + job.usage().system_us());
  const auto elapsed = static_cast<double>(job.ended_us() - job.started_us());
  return ", " + percent_text(used, elapsed * job.cpus()) + " of its cores";
}

/// What was asked for beyond nodes and tasks.
void add_component(const wire::Component& part, Sheet* sheet) {
  if (part.cpus_per_task() > 1) sheet->add("Cpus per task", std::to_string(part.cpus_per_task()));
  if (part.tasks_per_node() != 0) {
    sheet->add("Tasks per node", std::to_string(part.tasks_per_node()));
  }
  if (part.memory_per_node_mib() == 0) sheet->add("Memory asked", "all of each node");
  if (part.memory_per_node_mib() > 0) {
    sheet->add("Memory asked", memory_text(part.memory_per_node_mib()) + " on each node");
  }
  if (part.memory_per_cpu_mib() > 0) {
    sheet->add("Memory asked", memory_text(part.memory_per_cpu_mib()) + " for each cpu");
  }
  std::vector<std::string> devices;
  for (const wire::DeviceRequest& one : part.devices()) {
    devices.push_back(one.name() + (one.type().empty() ? "" : ":" + one.type()) + ":" +
                      std::to_string(one.count()));
  }
  sheet->add("Devices asked", join(devices, ","));
  if (part.exclusive()) sheet->add("Exclusive", "yes");
  if (part.exclusive_user()) sheet->add("Exclusive", "by its user");
}

/// How its steps stand on cores and nodes where they ask for nothing else.
void add_binding(const wire::JobRequest& request, Sheet* sheet) {
  const auto taken = wire::take(request);
  if (!taken) return;  // of a past job less is known
  sheet->add("Bind", to_text(taken->common->bind));
  sheet->add("Distribution", to_text(taken->common->distribution));
}

/// "3:75,100-110", as it is given.
std::string retry_text(const wire::JobRequest& request) {
  std::vector<std::string> codes;
  for (const auto& range : request.retry_codes()) {
    const bool is_one = range.first() == range.last();
    codes.push_back(std::to_string(range.first()) +
                    (is_one ? "" : "-" + std::to_string(range.last())));
  }
  return std::to_string(request.retry_times()) + (codes.empty() ? "" : ":" + join(codes, ","));
}

/// What it waited for, and its manners.
void add_terms(const wire::JobRequest& request, Sheet* sheet) {
  if (request.begin_us() != 0) sheet->add("Begin", local_time(request.begin_us()));
  sheet->add("Dependency", request.dependency());
  if (request.deadline_us() != 0) sheet->add("Deadline", local_time(request.deadline_us()));
  if (request.signal() != 0) {
    sheet->add("Signal", std::string(request.signal_batch() ? "B:" : "") +
                             signal_text(static_cast<std::int32_t>(request.signal())) + "@" +
                             std::to_string(request.signal_before_us() / 1'000'000));
  }
  if (request.retry_times() != 0) sheet->add("Retry", retry_text(request));
  if (request.nice() != 0) sheet->add("Nice", std::to_string(request.nice()));
  sheet->add("Requeue", request.requeue() ? "yes" : "no");
}

void add_request(const wire::JobView& job, Sheet* sheet) {
  const wire::JobRequest& request = job.request();
  if (request.components_size() != 0) add_component(request.components(0), sheet);
  add_binding(request, sheet);
  const auto names = [](const auto& list) { return fold_node_list({list.begin(), list.end()}); };
  sheet->add("Must have", names(request.nodes_wanted()));
  sheet->add("Must not have", names(request.nodes_excluded()));
  sheet->add("Constraint", request.constraint());
  sheet->add("Prefers", request.prefer());
  sheet->add("Licenses", licenses_text(request));
  sheet->add("Switches",
             switches_text(request) + (request.switches_over() ? " (waited for long enough)" : ""));
  sheet->add("QOS", request.qos());
  const std::vector<std::string> argv(request.argv().begin(), request.argv().end());
  sheet->add("Command", join(argv, " "));
  sheet->add("Directory", request.directory());
  sheet->add("Submit host", request.submit_host());
  sheet->add("Comment", request.comment());
  std::vector<std::string> labels;
  for (const auto& [key, value] : request.labels()) labels.push_back(key + "=" + value);
  std::sort(labels.begin(), labels.end());
  sheet->add("Labels", join(labels, ","));
  // Of some jobs that left memory the history has no terms: then nothing is said of them.
  if (!job.is_past() || job.has_terms()) add_terms(request, sheet);
}

/// Which elements the array has, and what became of them.
void add_array(const wire::JobView& job, Sheet* sheet) {
  const auto array = wire::take(job.request().array(), job.request().array_at_once());
  if (array) sheet->add("Array", array_text(*array));
  sheet->add("Elements", job.counts());
  if (!job.is_past()) sheet->add("Not begun", job.elements());
}

std::string step_text(const wire::StepView& step) {
  const std::string name = step_id(step) == step.name() ? "" : ", " + step.name();
  const std::string tasks = std::to_string(step.tasks()) + (step.tasks() == 1 ? " task" : " tasks");
  const std::string detail = step.result().detail();
  if (!step.waits().empty()) return step.state() + name + ", waits: " + step.waits();
  if (step.started_us() == 0) return step.state() + name + ": " + detail;
  const bool is_unbound = std::ranges::any_of(
      step.bindings(), [](const auto& binding) { return !binding.not_bound().empty(); });
  return step.state() + name + ", " + tasks + " on " + step.nodes() +
         (is_unbound ? ", not bound" : "") + (detail.empty() ? "" : ": " + detail);
}

/// Its row where jobs take turns, and how long its tasks stood still.
void add_standing(const wire::JobView& job, Sheet* sheet) {
  if (job.row() != 0) {
    const bool has_turn = job.row() == job.turn();
    sheet->add("Row", std::to_string(job.row()) +
                          (has_turn ? ", which runs"
                                    : ", and row " + std::to_string(job.turn()) + " runs"));
  }
  const std::int64_t stood = stood_us(job, wall_now().us);
  if (stood != 0) sheet->add("Stood still", to_text(Duration{stood}));
}

/// And no part of it. Of one that left memory long ago it may be unknown how many ended how.
bool is_whole_array(const wire::JobView& job) {
  if (job.array() != job.job() || job.is_element()) return false;
  return job.is_past() ? job.id() == std::to_string(job.job()) : !job.counts().empty();
}

std::string job_text(const wire::JobView& job) {
  Sheet sheet;
  const bool is_whole = is_whole_array(job);
  sheet.add("Job", is_whole ? std::to_string(job.job()) : job.id());
  if (is_whole) add_array(job, &sheet);
  if (job.is_element() && job.job() != job.array()) {
    sheet.add("Own id", std::to_string(job.job()));
  }
  sheet.add("Name", job.name());
  sheet.add("User", job.user() + " (" + std::to_string(job.uid()) + ")");
  sheet.add("Account", job.account());
  sheet.add("Partition", job.partition());
  sheet.add("State", job.state());
  sheet.add("Outcome", outcome_text(job));
  if (job.reason() != "None") sheet.add("Reason", job.reason());
  sheet.add("Why", with_local_instants(job.why()));
  sheet.add("Nodes",
            std::to_string(job.nodes()) + (job.node_list().empty() ? "" : " " + job.node_list()));
  add_standing(job, &sheet);
  sheet.add("Cpus", std::to_string(job.cpus()));
  sheet.add("Tasks", std::to_string(job.tasks()));
  sheet.add("Submitted", local_time(job.submitted_us()));
  // An array itself never starts and uses nothing: its elements do.
  if (!is_whole) sheet.add("Started", local_time(job.started_us()));
  sheet.add("Ended", local_time(job.ended_us()));
  const std::string limit = limit_text(job.time_limit_us());
  sheet.add("Time", is_whole ? limit + " for each" : run_time(job, wall_now().us) + " of " + limit);
  if (!is_whole) sheet.add("Attempt", std::to_string(job.attempt()));
  if (job.requeue_reason() != job.why()) sheet.add("Requeued", job.requeue_reason());
  add_request(job, &sheet);
  sheet.add("Input", job.request().input());
  sheet.add("Output", job.output_path());
  sheet.add("Error", job.error_path());
  if (job.is_final() && !is_whole) sheet.add("Used", usage_text(job.usage()) + cpu_efficiency(job));
  for (const wire::NodeShareView& share : job.shares()) {
    sheet.add(
        "On " + share.node(),
        "cores " + share.cores() + (share.devices().empty() ? "" : ", devices " + share.devices()));
  }
  for (const wire::StepView& step : job.steps())
    sheet.add("Step " + step_id(step), step_text(step));
  return sheet.take();
}

/// Thousandths as "1.5".
std::string score_text(std::uint32_t score) {
  return std::to_string(score / 1000) + "." + std::to_string(score % 1000 / 100);
}

std::string node_text(const wire::NodeView& node) {
  Sheet sheet;
  sheet.add("Node", node.name());
  sheet.add("State", node.state());
  sheet.add("Reason", node.reason());
  if (node.aside_at_us() != 0) {
    const std::string who = node.aside_who().empty() ? "the controller" : node.aside_who();
    sheet.add("Set aside", local_time(node.aside_at_us()) + " by " + who);
  }
  sheet.add("Labels", labels_text(node.labels()));
  sheet.add("Partitions", node.partitions());
  sheet.add("Cores", std::to_string(node.cores_used()) + " of " + std::to_string(node.cores()) +
                         " used, " + count_text(node.packages(), "package") + ", " +
                         count_text(node.numa_nodes(), "NUMA node"));
  sheet.add("Memory", memory_text(node.memory_used_mib()) + " of " +
                          memory_text(node.memory_mib()) + " used");
  sheet.add("Devices", join({node.devices().begin(), node.devices().end()}, ","));
  sheet.add("Jobs", join({node.job_names().begin(), node.job_names().end()}, ","));
  if (node.rows_size() != 0) sheet.add("Rows", rows_text(node));
  sheet.add("Containment", node.containment());
  sheet.add("Class", node.node_class());
  sheet.add("Address", node.address());
  sheet.add("Boot id", node.boot_id());
  sheet.add("Version", node.version());
  sheet.add("Last heard", local_time(node.last_heard_us()));
  if (node.score() != 0) sheet.add("Failed starts", score_text(node.score()));
  if (node.rests_until_us() != 0) sheet.add("Rests until", local_time(node.rests_until_us()));
  return sheet.take();
}

/// Where jobs take turns, or still do.
void add_turns(const wire::PartitionView& partition, Sheet* sheet) {
  if (partition.rows() != 0) {
    sheet->add("Rows", std::to_string(partition.rows_used()) + " of " +
                           std::to_string(partition.rows()) + " used, a turn lasts " +
                           slice_text(partition));
  } else if (partition.rows_used() != 0) {
    sheet->add("Rows", std::to_string(partition.rows_used()) + " used, of jobs from before");
  }
  if (partition.turn() == 0) return;
  sheet->add("Turn", "row " + std::to_string(partition.turn()) +
                         (partition.turn_since_us() == 0
                              ? ""
                              : " since " + local_time(partition.turn_since_us())));
}

std::string partition_text(const wire::PartitionView& partition) {
  Sheet sheet;
  sheet.add("Partition", partition.name());
  sheet.add("State", partition.state());
  sheet.add("Reason", with_local_instants(partition.reason()));
  if (partition.down_since_us() != 0) {
    sheet.add("Down since", local_time(partition.down_since_us()) + " by " + partition.down_who());
  }
  sheet.add("Default", partition.is_default() ? "yes" : "no");
  sheet.add("Nodes", std::to_string(partition.nodes()) + " " + partition.node_list());
  sheet.add("Cores", std::to_string(partition.cores_used()) + " of " +
                         std::to_string(partition.cores()) + " used");
  sheet.add("Default time", limit_text(partition.default_time_us()));
  sheet.add("Longest time", limit_text(partition.max_time_us()));
  if (partition.max_nodes() != 0) sheet.add("Most nodes", std::to_string(partition.max_nodes()));
  sheet.add("Select", partition.select());
  sheet.add("Tier", std::to_string(partition.tier()));
  sheet.add("A cpu is", "a " + partition.cpu());
  sheet.add("Jobs get", partition.share());
  add_turns(partition, &sheet);
  sheet.add("Jobs waiting", std::to_string(partition.jobs_pending()));
  return sheet.take();
}

template <class Views, class ToText>
std::string documents(const Parsed& given, const char* key, const Views& views, ToText to_text) {
  if (!given.has("json")) {
    std::string text;
    for (const auto& view : views) text += (text.empty() ? "" : "\n") + to_text(view);
    return text;
  }
  JsonWriter json;
  json.begin_array(key);
  for (const auto& view : views) write_json(view, &json);
  json.end_array();
  return json.take();
}

template <class View, class ToText>
std::string document(const Parsed& given, const char* key, const View& view, ToText to_text) {
  return documents(given, key, std::vector<View>{view}, to_text);
}

Result<std::string> show_jobs(const Parsed& given,
                              Session& session,
                              const std::vector<JobName>& jobs) {
  wire::ClientRequest request;
  put_names(jobs, request.mutable_list_jobs());
  request.mutable_list_jobs()->set_ended(true);
  request.mutable_list_jobs()->set_full(true);
  request.mutable_list_jobs()->set_bindings(true);
  const auto reply = session.ask_surely(request);
  if (!reply) return Failure(reply.error());
  if (reply->jobs().jobs_size() == 0) {
    return fail(Code::not_found, "no job " + quoted(jobs.front().text));
  }
  return documents(given, "jobs", reply->jobs().jobs(), job_text);
}

Result<std::string> show_job(const Parsed& given, const std::string& name) {
  const auto id = parse_job_name(name);
  if (!id) return Failure(id.error());
  if (id->step) {
    return fail(Code::bad_usage,
                "job " + quoted(name) + ": is a step (see: cox show step " + name + ")");
  }
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  return show_jobs(given, *session, {*id});
}

Result<std::string> show_node(const Parsed& given, const std::string& name) {
  wire::ClientRequest request;
  request.mutable_list_nodes()->set_names(name);
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  for (const wire::NodeView& node : reply->nodes().nodes()) {
    if (node.name() == name) return document(given, "nodes", node, node_text);
  }
  return fail(Code::not_found, "node " + quoted(name) + ": no such node (see: cox nodes --long)");
}

Result<std::string> show_partition(const Parsed& given, const std::string& name) {
  wire::ClientRequest request;
  request.mutable_list_partitions();
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  for (const wire::PartitionView& partition : reply->partitions().partitions()) {
    if (partition.name() == name) return document(given, "partitions", partition, partition_text);
  }
  return fail(Code::not_found,
              "partition " + quoted(name) + ": no such partition (see: cox partitions)");
}

Result<int> show_config(const Parsed& given) {
  wire::ClientRequest request;
  request.mutable_config_action()->set_kind(wire::ConfigAction::SHOW);
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  return report_settings(given, *reply);
}

/// cox show job -l SELECTOR
Result<std::string> show_labelled(const Parsed& given) {
  const auto& words = given.operands();
  if (words != std::vector<std::string>{"job"}) {
    return usage_error(given.command(), "--label goes with: cox show job, without a name");
  }
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  const auto jobs = labelled_jobs(given, *session, Labelled::known);
  if (!jobs) return Failure(jobs.error());
  return show_jobs(given, *session, *jobs);
}

Result<std::string> show_named(const Parsed& given) {
  const auto& words = given.operands();
  if (words.size() != 2)
    return usage_error(given.command(), "what to show and its name are expected");
  if (words[0] == "job") return show_job(given, words[1]);
  if (words[0] == "step") return show_step(given, words[1]);
  if (words[0] == "node") return show_node(given, words[1]);
  if (words[0] == "partition") return show_partition(given, words[1]);
  const auto near = nearest(words[0], {"job", "step", "node", "partition"});
  return usage_error(given.command(),
                     quoted(words[0]) + ": cannot be shown" + (near ? ", perhaps " + *near : ""));
}

Result<int> run(const Parsed& given) {
  const auto& words = given.operands();
  if (words == std::vector<std::string>{"config"} && !given.has("label")) return show_config(given);
  const auto text = given.has("label") ? show_labelled(given) : show_named(given);
  if (!text) return Failure(text.error());
  const auto printed = print(*text);
  if (!printed) return Failure(printed.error());
  return 0;
}

}  // namespace
}  // namespace show_locals

const Command show_command{"show",
                           "job|step|node|partition NAME | config [OPTIONS]",
                           "everything about one job, step, node or partition",
                           show_locals::options,
                           Operands::anywhere,
                           0,
                           show_locals::run};

}  // namespace cox::cmds
