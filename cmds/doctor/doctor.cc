// cox doctor: what is wrong with the installation or the cluster, and the mend.
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/session.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "cmds/doctor/findings.h"
#include "cmds/doctor/first_day.h"

namespace cox::cmds {
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

/// Everything that can be asked of a controller that answers.
Result<std::uint64_t> examine(const Parsed& given,
                              Session& session,
                              std::vector<Finding>* findings) {
  wire::ClientRequest status_request;
  status_request.mutable_status();
  const std::int64_t asked_us = wall_now().us;
  const auto status = session.ask(status_request);
  if (!status) return Failure(status.error());
  const std::int64_t answered_us = wall_now().us;
  wire::ClientRequest nodes_request;
  nodes_request.mutable_list_nodes();
  const auto nodes = session.ask(nodes_request);
  if (!nodes) return Failure(nodes.error());
  examine_controller(status->status(), session.address(), findings);
  examine_clock(status->status(), asked_us, answered_us, findings);
  examine_nodes(status->status(), nodes->nodes(), findings);
  examine_starts(nodes->nodes(), findings);
  examine_addresses(nodes->nodes(), findings);
  const auto examined = examine_supervisors(session, examined_dir(given), findings);
  if (!examined) return Failure(examined.error());
  return status->status().pid();
}

Result<int> run(const Parsed& given) {
  if (!given.operands().empty()) {
    return usage_error(given.command(), given.operands().front() + ": nothing is expected here");
  }
  std::vector<Finding> findings;
  std::uint64_t controller_pid = 0;
  int status = 0;
  auto session = Session::open(given);
  const auto examined = session ? examine(given, *session, &findings)
                                : Result<std::uint64_t>(Failure(session.error()));
  if (examined) {
    controller_pid = *examined;
  } else {
    findings.push_back(unreachable_controller(given, examined.error()));
    status = exit_status(examined.error().code);
  }
  examine_key(given, &findings);
  examine_directory(given, &findings);
  examine_machine(&findings);
  for (const Finding& finding : findings) {
    if (finding.grade == Grade::failed && status == 0) status = 1;
  }
  const auto printed =
      print(given.has("json") ? json_of(findings, controller_pid) : text_of(findings));
  if (!printed) return Failure(printed.error());
  return status;
}

}  // namespace

const Command doctor_command{"doctor", "[OPTIONS]",        "find what is wrong, and say the mend",
                             options,  Operands::anywhere, 0,
                             run};

}  // namespace cox::cmds
