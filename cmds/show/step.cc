// A step is found in its job.
#include "cmds/show/step.h"

#include <map>
#include <optional>
#include <vector>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/session.h"
#include "cmds/client/signal_name.h"
#include "cmds/client/submission.h"
#include "cmds/client/views.h"
#include "cmds/show/sheet.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/memory_text.h"

namespace cox::cmds {
namespace {

std::string how_it_ended(const wire::StepView& step) {
  if (step.ended_us() == 0) return "";
  if (step.result().signal() != 0) return "signal " + signal_text(step.result().signal());
  const auto code = exit_code_of(step);
  return code ? "exit " + std::to_string(*code) : "";
}

std::string share_text(const wire::NodeShareView& share) {
  std::string text = "cores " + share.cores();
  std::int64_t mib = 0;
  for (const std::int64_t part : share.memory_mib()) mib += part;
  if (mib != 0) text += ", memory " + memory_text(mib);
  if (!share.devices().empty()) text += ", devices " + share.devices();
  return text;
}

std::string sheet_of(const wire::JobView& job, const wire::StepView& step) {
  Sheet sheet;
  sheet.add("Step", id_text(job) + "." + step_id(step));
  if (step.name() != step_id(step)) sheet.add("Name", step.name());
  sheet.add("State", step.state());
  sheet.add("Outcome", how_it_ended(step));
  sheet.add("Why", step.result().detail());
  sheet.add("Nodes", step.nodes());
  sheet.add("Tasks", std::to_string(step.tasks()));
  if (step.result().tasks_failed() != 0) {
    sheet.add("Tasks failed", std::to_string(step.result().tasks_failed()));
  }
  sheet.add("Waits for", step.waits());
  sheet.add("Waits since", step.waits().empty() ? "" : local_time(step.queued_us()));
  sheet.add("Shares", step.sharing());
  sheet.add("Binding", step.bindings().empty() ? "" : binding_text(step));
  sheet.add("Ranks", step.bindings().size() < 2 ? "" : step.distribution());
  for (const wire::NodeShareView& share : step.shares()) {
    sheet.add("On " + share.node(), share_text(share));
  }
  sheet.add("Started", local_time(step.started_us()));
  sheet.add("Ended", local_time(step.ended_us()));
  if (step.ended_us() != 0) sheet.add("Used", usage_text(step.result().usage()));
  return sheet.take();
}

std::string document_of(const wire::JobView& job, const wire::StepView& step) {
  JsonWriter json;
  json.number("job", std::uint64_t{job.job()});
  json.text("id", id_text(job));
  json.begin_array("steps");
  write_json(step, &json);
  json.end_array();
  return json.take();
}

/// The steps there are, for who named another.
std::string steps_of(const wire::JobView& job) {
  std::vector<std::string> names;
  for (const wire::StepView& step : job.steps()) names.push_back(step_id(step));
  return names.empty() ? "it has none" : "it has " + join(names, ", ");
}

}  // namespace

std::string step_id(const wire::StepView& step) {
  return step.step() >= step_batch.value ? step.name() : std::to_string(step.step());
}

std::string binding_text(const wire::StepView& step) {
  std::map<std::string, std::vector<std::string>> nodes;  // by what is said of them
  for (const wire::BindingView& binding : step.bindings()) {
    nodes[binding.not_bound()].push_back(binding.node());
  }
  std::string text = step.bind();
  for (const auto& [why, names] : nodes) {
    const std::string where = nodes.size() == 1 ? "" : " on " + fold_node_list(names);
    text += (text.empty() ? "" : ", ") +
            (why.empty() ? "bound" + where : "not bound" + where + ": " + why);
  }
  return text;
}

Result<std::string> show_step(const Parsed& given, const std::string& name) {
  const auto id = parse_job_name(name);
  if (!id) return Failure(id.error());
  if (!id->step) {
    return usage_error(given.command(), quoted(name) + ": a step is expected, as in " +
                                            quoted(name + ".0") + " or " + quoted(name + ".batch"));
  }
  wire::ClientRequest request;
  put_names({*id}, request.mutable_list_jobs());
  request.mutable_list_jobs()->set_ended(true);
  request.mutable_list_jobs()->set_full(true);
  request.mutable_list_jobs()->set_bindings(true);
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  const auto& jobs = reply->jobs().jobs();
  const std::string job_name = name.substr(0, name.find('.'));
  if (jobs.empty()) return fail(Code::not_found, "no job " + quoted(job_name));
  if (jobs.size() > 1) return fail(Code::bad_usage, quoted(name) + ": name one element's step");
  for (const wire::StepView& step : jobs[0].steps()) {
    if (step.step() != id->step->value) continue;
    return given.has("json") ? document_of(jobs[0], step) : sheet_of(jobs[0], step);
  }
  return fail(Code::not_found,
              "job " + quoted(job_name) + " has no such step: " + steps_of(jobs[0]));
}

}  // namespace cox::cmds
