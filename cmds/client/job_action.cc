// Sends one JobAction for all jobs, and one for each step.
#include "cmds/client/job_action.h"

#include <array>

#include "cmds/client/action_report.h"
#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/session.h"

namespace cox::cmds {
namespace {

Result<std::vector<wire::ClientRequest>> make_requests(const Parsed& given,
                                                       wire::JobAction::Kind kind) {
  wire::ClientRequest whole;
  whole.mutable_job_action()->set_kind(kind);
  std::vector<wire::ClientRequest> requests;
  for (const std::string& operand : given.operands()) {
    const auto name = parse_job_name(operand);
    if (!name) return Failure(name.error());
    if (!name->step) {
      put_names({*name}, whole.mutable_job_action());
      continue;
    }
    if (kind != wire::JobAction::CANCEL) {
      return fail(Code::bad_usage, operand + ": a job is expected, not a step");
    }
    wire::JobAction& action = *requests.emplace_back().mutable_job_action();
    action.set_kind(kind);
    put_names({*name}, &action);
    action.set_step(name->step->value);
    action.set_has_step(true);
  }
  const auto user = user_asked(given);
  if (!user) return Failure(user.error());
  if (given.has("user")) whole.mutable_job_action()->set_user(*user);
  const wire::JobAction& named = whole.job_action();
  if (named.jobs_size() + named.elements_size() > 0 || given.has("user")) requests.push_back(whole);
  return requests;
}

void take_refusals(const wire::Done& done, ActionReport* report) {
  report->add_done(done.count());
  for (const wire::ActionError& refusal : done.errors()) {
    report->refuse(refusal.name().empty() ? "job " + std::to_string(refusal.job()) : refusal.name(),
                   to_error(refusal.error()));
  }
}

}  // namespace

OptionTable job_action_options() {
  static constexpr std::array table = {user_option, json_option, cluster_option, help_option};
  return table;
}

Result<int> run_job_action(const Parsed& given, wire::JobAction::Kind kind) {
  if (given.has("user") != given.operands().empty()) {
    return usage_error(given.command(), "jobs or --user, one of the two, is expected");
  }
  const auto requests = make_requests(given, kind);
  if (!requests) return Failure(requests.error());
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  ActionReport report;
  for (const wire::ClientRequest& request : *requests) {
    const auto reply = session->ask_surely(request);
    if (reply) {
      take_refusals(reply->done(), &report);
      continue;
    }
    report.refuse("", reply.error());
  }
  return report.finish(given);
}

}  // namespace cox::cmds
