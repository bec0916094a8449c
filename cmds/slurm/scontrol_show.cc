// What scontrol shows, by the kind of thing.
#include "cmds/slurm/scontrol_show.h"

#include <algorithm>
#include <array>

#include "cmds/client/clean_text.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/submission.h"
#include "cmds/client/table.h"
#include "cmds/client/terminal.h"
#include "cmds/slurm/scontrol_records.h"
#include "cmds/slurm/text.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/array_spec.h"

namespace cox::cmds::slurm {
namespace {

Result<int> print_text(const std::string& text) {
  const auto printed = print(clean_lines(text));
  return printed ? Result<int>(0) : Failure(printed.error());
}

int unknown_job() {
  say_plain("slurm_load_jobs error: Invalid job id specified");
  return 1;
}

Result<int> show_job(const Words& given, const std::string& name) {
  wire::ClientRequest request;
  wire::ListJobs& list = *request.mutable_list_jobs();
  if (!name.empty()) {
    const auto job = parse_job_name(name);
    if (!job || job->step) return unknown_job();
    put_names({*job}, &list);
  }
  list.set_expand(true);
  list.set_ended(true);
  list.set_full(true);
  list.set_priorities(true);
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto reply = session->ask_surely(std::move(request));
  if (!reply && reply.error().code == Code::not_found) return unknown_job();
  if (!reply) return jobs_not_loaded(reply.error());
  if (reply->jobs().jobs_size() == 0) {
    return name.empty() ? print_text("No jobs in the system\n") : unknown_job();
  }
  std::string text;
  const std::int64_t now_us = wall_now().us;
  for (const wire::JobView& job : reply->jobs().jobs()) {
    text += job_record(job, now_us, given.has("oneliner"));
  }
  return print_text(text);
}

Result<int> not_found(const char* kind, const std::string& name) {
  const auto printed = print(std::string(kind) + " " + quoted(name) + " not found\n");
  return printed ? Result<int>(1) : Failure(printed.error());
}

Result<int> show_node(const Words& given, const std::string& name) {
  auto session = open_session();
  if (!session) return Failure(session.error());
  wire::ClientRequest request;
  request.mutable_list_nodes();
  const auto reply = session->ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  const auto& nodes = reply->nodes().nodes();
  std::string text;
  const bool one_line = given.has("oneliner");
  if (name.empty()) {
    for (const wire::NodeView& node : nodes) text += node_record(node, one_line);
    return print_text(text.empty() ? "No nodes in the system\n" : text);
  }
  const auto wanted = expand_node_list(name);
  if (!wanted) return not_found("Node", name);
  for (const std::string& one : *wanted) {
    const auto found =
        std::ranges::find_if(nodes, [&](const auto& node) { return node.name() == one; });
    if (found == nodes.end()) return not_found("Node", one);
    text += node_record(*found, one_line);
  }
  return print_text(text);
}

Result<int> show_partition(const Words& given, const std::string& name) {
  auto session = open_session();
  if (!session) return Failure(session.error());
  wire::ClientRequest request;
  request.mutable_list_partitions();
  const auto reply = session->ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  std::string text;
  for (const wire::PartitionView& partition : reply->partitions().partitions()) {
    if (name.empty() || name == partition.name()) {
      text += partition_record(partition, given.has("oneliner"));
    }
  }
  if (!text.empty()) return print_text(text);
  return name.empty() ? print_text("No partitions in the system\n") : not_found("Partition", name);
}

Result<int> show_hostnames(const Words& /*given*/, const std::string& name) {
  std::string list = name.empty() ? variable("SLURM_JOB_NODELIST") : name;
  for (const char* other : {"SLURM_NODELIST", "COX_NODELIST"}) {
    if (list.empty()) list = variable(other);
  }
  if (list.empty()) return fail(Code::bad_usage, "hostlist is missing, and SLURM_JOB_NODELIST");
  const auto names = host_names(list);
  if (!names) return fail(Code::bad_usage, "Invalid hostlist: " + quoted(list));
  return print_text(join(*names, "\n") + "\n");
}

Result<int> fold(const std::string& name, bool is_sorted) {
  if (name.empty()) return fail(Code::bad_usage, "too few arguments: a list of hosts is missing");
  auto names = host_names(name);
  if (!names) return fail(Code::bad_usage, "Invalid hostlist: " + quoted(name));
  // Longer numbers are greater ones: n2 stands before n10.
  if (is_sorted) {
    std::ranges::sort(*names, [](const std::string& a, const std::string& b) {
      return std::pair(a.size(), std::string_view(a)) < std::pair(b.size(), std::string_view(b));
    });
  }
  return print_text(fold_node_list(*names) + "\n");
}

Result<int> show_hostlist(const Words& /*given*/, const std::string& name) {
  return fold(name, false);
}

Result<int> show_hostlistsorted(const Words& /*given*/, const std::string& name) {
  return fold(name, true);
}

Result<int> show_reservation(const Words& /*given*/, const std::string& name) {
  if (!name.empty()) return not_found("Reservation", name);
  return print_text("No reservations in the system\n");
}

Result<int> show_licenses(const Words& given, const std::string& name) {
  auto session = open_session();
  if (!session) return Failure(session.error());
  wire::ClientRequest request;
  request.mutable_list_licenses();
  const auto reply = session->ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  std::string text;
  for (const wire::LicenseView& one : reply->licenses().licenses()) {
    if (name.empty() || name == one.name()) text += license_record(one, given.has("oneliner"));
  }
  if (!text.empty()) return print_text(text);
  return name.empty() ? print_text("No licenses configured in Slurm.\n")
                      : not_found("License", name);
}

std::string key(const char* name, const std::string& value) {
  std::string text = name;
  text.resize(std::max<std::size_t>(text.size(), 24), ' ');
  return text + "= " + value + "\n";
}

/// How long an ended job stays on the list of all.
std::string min_job_age(Session& session) {
  wire::ClientRequest request;
  request.mutable_config_action()->set_kind(wire::ConfigAction::SHOW);
  const auto reply = session.ask_surely(std::move(request));
  if (!reply || !reply->config().settings().has_history_keep_us()) return "";
  const std::int64_t keep_us = reply->config().settings().history_keep_us();
  return key("MinJobAge", std::to_string(keep_us / 1'000'000) + " sec");
}

/// The keys that tools ask for and that are true here.
Result<int> show_config(const Words& /*given*/, const std::string& /*name*/) {
  auto session = open_session();
  if (!session) return Failure(session.error());
  wire::ClientRequest request;
  request.mutable_status();
  const auto reply = session->ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  const wire::StatusReply& status = reply->status();
  return print_text("Configuration data as of " + date(wall_now().us, "Unknown") + "\n" +
                    key("ClusterName", status.cluster()) +
                    key("MaxArraySize", std::to_string(array_index_max + 1)) +
                    min_job_age(*session) + key("PreemptMode", "OFF") +
                    key("SchedulerType", "sched/backfill") +
                    key("SLURM_VERSION", version_text().substr(6, version_text().size() - 7)) +
                    key("StateSaveLocation", status.state_dir()) + "\nSlurmctld(primary) at " +
                    session->address().text() + " is UP\n");
}

constexpr std::array entities = {
    ShowEntity{"assoc_mgr", refused, nullptr},
    ShowEntity{"config", about, show_config},
    ShowEntity{"daemons", refused, nullptr},
    ShowEntity{"federation", refused, nullptr},
    ShowEntity{"hostlist", exact, show_hostlist},
    ShowEntity{"hostlistsorted", exact, show_hostlistsorted},
    ShowEntity{"hostnames", exact, show_hostnames},
    ShowEntity{"jobs", about, show_job},
    ShowEntity{"jobid", about, show_job},
    ShowEntity{"licenses", exact, show_licenses},
    ShowEntity{"nodes", about, show_node},
    ShowEntity{"partitions", about, show_partition},
    ShowEntity{"reservations", exact, show_reservation},
    ShowEntity{"steps", refused, nullptr},
    ShowEntity{"topology", refused, nullptr},
};

}  // namespace

std::span<const ShowEntity> show_entities() {
  return entities;
}

Result<std::vector<std::string>> host_names(const std::string& list) {
  std::vector<std::string> names;
  for (const std::string& part : list_parts(list)) {
    const auto some = expand_node_list(part);
    if (!some) return Failure(some.error());
    names.insert(names.end(), some->begin(), some->end());
  }
  return names;
}

Result<int> scontrol_show(const Words& given, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return fail(Code::bad_usage, "too few arguments for keyword: show");
  const std::size_t equals = arguments.front().find('=');
  std::string word = arguments.front().substr(0, equals);
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  std::string name = equals == std::string::npos ? "" : arguments.front().substr(equals + 1);
  if (arguments.size() > 2 || (arguments.size() == 2 && equals != std::string::npos)) {
    return fail(Code::bad_usage, "too many arguments for keyword: show");
  }
  if (arguments.size() == 2) name = arguments[1];
  const auto found = std::ranges::find_if(entities, [&](const ShowEntity& entity) {
    return !word.empty() && std::string_view(entity.name).starts_with(word);
  });
  if (found == entities.end()) {
    return fail(Code::bad_usage,
                "invalid entity: " + quoted(arguments.front()) + " for keyword: show");
  }
  if (found->run == nullptr) {
    return fail(Code::bad_usage, std::string("show ") + found->name +
                                     ": not supported by this version (see: man cox-slurm)");
  }
  return found->run(given, name);
}

}  // namespace cox::cmds::slurm
