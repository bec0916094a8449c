// cox doctor: what is wrong with the installation or the cluster, and the mend.
#include <unistd.h>

#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/find_cluster.h"
#include "cmds/client/session.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "cmds/doctor/findings.h"
#include "cmds/doctor/first_day.h"
#include "common/text.h"
#include "platform/munge_program.h"

namespace cox::cmds {
namespace doctor_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {json_option, cluster_option, help_option};
  return table;
}

std::string text_of(const std::vector<Finding>& findings) {
  std::vector<std::vector<std::string>> rows;
  for (const Finding& finding : findings) {
    const std::string mend = finding.mend.empty() ? "" : " (" + finding.mend + ")";
    rows.push_back({std::string(grade_word(finding.grade)), finding.name, finding.detail + mend});
  }
  return lay_out_plain(rows);
}

std::string json_of(const std::vector<Finding>& findings, std::uint64_t controller_pid) {
  JsonWriter json;
  json.number("controller_pid", controller_pid);
  json.begin_array("findings");
  for (const Finding& finding : findings) {
    json.begin_object();
    json.text("grade", grade_word(finding.grade));
    json.text("name", finding.name);
    json.text("detail", finding.detail);
    json.text("mend", finding.mend);
    json.end_object();
  }
  json.end_array();
  return json.take();
}

/// What is examined; each topic has its own findings.
struct Topics {
  bool controller = true;
  bool nodes = true;
  bool mpi = true;
  bool config = true;
  bool wire_up = false;  // runs jobs: only where it was asked for
};

Result<Topics> parse_topics(const Parsed& given) {
  if (given.operands().empty()) return Topics{};
  const std::string& word = given.operands().front();
  if (given.operands().size() > 1) {
    return usage_error(given.command(), quoted(given.operands()[1]) + ": nothing is expected here");
  }
  if (word == "mpi") return Topics{false, false, true, false, true};
  if (word == "node") return Topics{false, true, false, false};
  if (word == "config") return Topics{true, false, false, true};
  return usage_error(given.command(), quoted(word) + ": mpi, node or config");
}

Result<void> examine_fleet(const Parsed& given,
                           Session& session,
                           const wire::StatusReply& status,
                           std::vector<Finding>* findings) {
  wire::ClientRequest nodes_request;
  nodes_request.mutable_list_nodes();
  const auto nodes = session.ask(nodes_request);
  if (!nodes) return Failure(nodes.error());
  examine_nodes(status, nodes->nodes(), findings);
  examine_starts(nodes->nodes(), findings);
  examine_addresses(nodes->nodes(), findings);
  return examine_supervisors(session, examined_dir(given), findings);
}

/// Everything that can be asked of a controller that answers. Returns what it says of itself.
Result<wire::StatusReply> examine(const Parsed& given,
                                  const Topics& topics,
                                  std::vector<Finding>* findings) {
  const auto cluster = find_cluster(given.value("cluster"));
  if (!cluster) return Failure(cluster.error());
  auto session = Session::open(*cluster);
  if (!session) return Failure(session.error());
  wire::ClientRequest request;
  request.mutable_status();
  const std::int64_t asked_us = wall_now().us;
  const auto status = session->ask(request);
  if (!status) return Failure(status.error());
  const std::int64_t answered_us = wall_now().us;
  if (topics.controller) {
    examine_controller(status->status(), session->address(), findings);
    examine_clock(status->status(), asked_us, answered_us, findings);
  }
  Result<void> examined;
  if (topics.nodes) examined = examine_fleet(given, *session, status->status(), findings);
  if (examined && topics.config) {
    examined = examine_config(*session, examined_dir(given), findings);
  }
  if (examined && topics.wire_up) examined = examine_wire_up(given, *session, findings);
  if (!examined) return Failure(examined.error());
  return status->status();
}

Result<int> run(const Parsed& given) {
  const auto topics = parse_topics(given);
  if (!topics) return Failure(topics.error());
  std::vector<Finding> findings;
  int status = 0;
  const auto examined = examine(given, *topics, &findings);
  // What is on this machine can be examined without one.
  if (!examined && (topics->controller || examined.error().code != Code::unreachable)) {
    findings.push_back(unreachable_controller(given, examined.error()));
    status = exit_status(examined.error().code);
  }
  if (topics->nodes) {
    if (examined && examined->auth() == "munge") {
      examine_munge(platform::munge_encode("cox doctor", ::geteuid()), &findings);
    } else {
      examine_key(given, &findings);
    }
    examine_directory(given, &findings);
    examine_machine(&findings);
    examine_programs(&findings);
  }
  if (topics->mpi) examine_mpi(&findings);
  for (const Finding& finding : findings) {
    if (finding.grade == Grade::failed && status == 0) status = 1;
  }
  const std::uint64_t pid = examined ? examined->pid() : 0;
  const auto printed = print(given.has("json") ? json_of(findings, pid) : text_of(findings));
  if (!printed) return Failure(printed.error());
  return status;
}

}  // namespace
}  // namespace doctor_locals

const Command doctor_command{"doctor",
                             "[mpi|node|config] [OPTIONS]",
                             "find what is wrong, and say the mend",
                             doctor_locals::options,
                             Operands::anywhere,
                             0,
                             doctor_locals::run};

}  // namespace cox::cmds
