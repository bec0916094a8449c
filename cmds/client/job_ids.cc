// Reads names of jobs and steps.
#include "cmds/client/job_ids.h"

#include <string>

#include "common/text.h"
#include "platform/helper_program.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace {

std::optional<StepId> parse_step(std::string_view text) {
  if (text == "batch") return step_batch;
  if (text == "alloc") return step_alloc;
  const auto number = parse_u64(text);
  if (!number || *number >= step_batch.value) return std::nullopt;
  return StepId{static_cast<std::uint32_t>(*number)};
}

/// What stands behind "ID_": an index, or several in brackets, as lists of jobs show them.
Result<ArraySpec> parse_elements(std::string_view text, std::string_view name) {
  const bool has_brackets = text.size() > 2 && text.front() == '[' && text.back() == ']';
  auto elements = has_brackets ? parse_array(text.substr(1, text.size() - 2))
                               : parse_array(parse_u64(text) ? text : "");
  if (!elements && !has_brackets && !parse_u64(text)) {
    return fail(Code::bad_usage,
                "job " + quoted(name) +
                    ": ID_INDEX or ID_[FIRST-LAST,...] is expected (between jobs a blank)");
  }
  if (!elements) return Failure(elements.error().with_context("job " + quoted(name)));
  elements->at_once_max = 0;
  return elements;
}

}  // namespace

Result<JobName> parse_job_name(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view id = text.substr(0, dot);
  const std::size_t line = id.find('_');
  const auto job = parse_u64(id.substr(0, line));
  if (!job || *job == 0)
    return fail(Code::bad_usage, "job " + quoted(text) + ": the id of a job is expected");
  JobName name{JobId{*job}, std::nullopt, {}, std::string(text)};
  if (line != std::string_view::npos) {
    auto elements = parse_elements(id.substr(line + 1), text);
    if (!elements) return Failure(elements.error());
    name.elements = std::move(*elements);
  }
  if (dot == std::string_view::npos) return name;
  name.step = parse_step(text.substr(dot + 1));
  if (!name.step)
    return fail(Code::bad_usage, "job " + quoted(text) + ": the name of a step is expected");
  return name;
}

Result<std::vector<JobName>> job_operands(const Parsed& given) {
  std::vector<JobName> jobs;
  for (const std::string& operand : given.operands()) {
    const auto name = parse_job_name(operand);
    if (!name) return Failure(name.error());
    if (name->step) {
      return fail(Code::bad_usage, quoted(operand) + ": a job is expected, not a step");
    }
    jobs.push_back(*name);
  }
  return jobs;
}

bool is_shown_by(const JobName& name, const wire::JobView& view) {
  if (name.elements.empty()) {
    return view.job() == name.job.value || view.array() == name.job.value;
  }
  if (view.array() != name.job.value) return false;
  if (view.is_element()) return name.elements.contains(view.index());
  const auto shown = parse_array(view.elements());
  return shown && !common_elements(*shown, name.elements).empty();
}

void put_elements(const JobName& name, wire::ElementsOf* to) {
  to->set_array(name.job.value);
  wire::put(name.elements, to->mutable_elements());
}

Result<JobName> one_job(const Parsed& given) {
  const auto jobs = job_operands(given);
  if (!jobs) return Failure(jobs.error());
  if (jobs->size() == 1) return jobs->front();
  return fail(Code::bad_usage, std::string(jobs->empty() ? "a job id is missing" : "one job only") +
                                   " (usage: cox " + given.command().name + " " +
                                   given.command().usage + ")");
}

Result<std::string> users_asked(const Parsed& given) {
  if (!given.has("user")) return std::string();
  std::vector<std::string> users;
  const std::string names = given.list("user");
  for (const std::string_view name : split(names, ',')) {
    const auto user = platform::find_user_name(std::string(name));
    // Users without an entry are named by their number.
    const bool is_number = parse_u64(name).has_value();
    if (!user && user.error().code != Code::not_found) return Failure(user.error());
    if (!user && !is_number) {
      return fail(Code::not_found, "--user " + quoted(name) + ": no such user");
    }
    users.push_back(user ? *user : std::string(name));
  }
  return join(users, ",");
}

}  // namespace cox::cmds
