// Sends one JobAction for all jobs, and one for each step.
#include "cmds/client/job_action.h"

#include <array>

#include "cmds/client/action_report.h"
#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/labelled.h"
#include "cmds/client/session.h"

namespace cox::cmds {
namespace {

/// error: bad_usage where a step was named and cannot be
Result<void> check_step(const JobName& name, const wire::JobAction& base) {
  const auto kind = base.kind();
  if (kind != wire::JobAction::CANCEL && kind != wire::JobAction::SIGNAL) {
    return fail(Code::bad_usage, name.text + ": a job is expected, not a step");
  }
  if (base.has_step()) {
    return fail(Code::bad_usage, name.text + ": names a step, as --step does");
  }
  if (base.scope() == 0) return {};
  return fail(Code::bad_usage, name.text + ": a step, of which --batch and --full say nothing");
}

Result<std::vector<wire::ClientRequest>> make_requests(const Parsed& given,
                                                       const wire::JobAction& base) {
  wire::ClientRequest whole;
  *whole.mutable_job_action() = base;
  const auto selector = selector_asked(given);
  if (!selector) return Failure(selector.error());
  whole.mutable_job_action()->set_selector(*selector);
  std::vector<wire::ClientRequest> requests;
  for (const std::string& operand : given.operands()) {
    const auto name = parse_job_name(operand);
    if (!name) return Failure(name.error());
    if (!name->step) {
      put_names({*name}, whole.mutable_job_action());
      continue;
    }
    if (auto checked = check_step(*name, base); !checked) return Failure(checked.error());
    wire::JobAction& action = *requests.emplace_back().mutable_job_action();
    action = base;
    put_names({*name}, &action);
    action.set_selector(*selector);
    action.set_step(name->step->value);
    action.set_has_step(true);
  }
  const auto user = users_asked(given);
  if (!user) return Failure(user.error());
  if (given.has("user")) whole.mutable_job_action()->set_user(*user);
  const wire::JobAction& named = whole.job_action();
  const bool is_by_kind = given.has("user") || given.has("label");
  if (named.jobs_size() + named.elements_size() > 0 || is_by_kind) requests.push_back(whole);
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
  static constexpr std::array table = {user_option, jobs_label_option, json_option, cluster_option,
                                       help_option};
  return table;
}

Result<int> run_job_action(const Parsed& given, wire::JobAction::Kind kind) {
  wire::JobAction action;
  action.set_kind(kind);
  return run_job_action(given, action);
}

Result<int> run_job_action(const Parsed& given, const wire::JobAction& action) {
  const bool has_label = given.has("label");
  if ((given.has("user") && !given.operands().empty()) ||
      (!given.has("user") && !has_label && given.operands().empty())) {
    return usage_error(given.command(), "jobs, --user or --label are expected");
  }
  const auto requests = make_requests(given, action);
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
