// Reads names of jobs and steps.
#include "cmds/client/job_ids.h"

#include <string>

#include "common/text.h"
#include "platform/helper_program.h"

namespace cox::cmds {
namespace {

std::optional<StepId> parse_step(std::string_view text) {
  if (text == "batch") return step_batch;
  if (text == "alloc") return step_alloc;
  const auto number = parse_u64(text);
  if (!number || *number >= step_batch.value) return std::nullopt;
  return StepId{static_cast<std::uint32_t>(*number)};
}

}  // namespace

Result<JobName> parse_job_name(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view id = text.substr(0, dot);
  if (id.find('_') != std::string_view::npos) {
    return fail(Code::bad_usage, quoted(text) + ": job arrays are not supported yet");
  }
  const auto job = parse_u64(id);
  if (!job || *job == 0)
    return fail(Code::bad_usage, "job " + quoted(text) + ": the id of a job is expected");
  JobName name{JobId{*job}, std::nullopt};
  if (dot == std::string_view::npos) return name;
  name.step = parse_step(text.substr(dot + 1));
  if (!name.step)
    return fail(Code::bad_usage, "job " + quoted(text) + ": the name of a step is expected");
  return name;
}

Result<std::vector<JobId>> job_operands(const Parsed& given) {
  std::vector<JobId> jobs;
  for (const std::string& operand : given.operands()) {
    const auto name = parse_job_name(operand);
    if (!name) return Failure(name.error());
    if (name->step) {
      return fail(Code::bad_usage, quoted(operand) + ": a job is expected, not a step");
    }
    jobs.push_back(name->job);
  }
  return jobs;
}

Result<JobId> one_job(const Parsed& given) {
  const auto jobs = job_operands(given);
  if (!jobs) return Failure(jobs.error());
  if (jobs->size() == 1) return jobs->front();
  return fail(Code::bad_usage, std::string(jobs->empty() ? "a job id is missing" : "one job only") +
                                   " (usage: cox " + given.command().name + " " +
                                   given.command().usage + ")");
}

Result<std::string> user_asked(const Parsed& given) {
  if (!given.has("user")) return std::string();
  const std::string& name = given.value("user");
  const auto user = platform::find_user_name(name);
  if (user) return *user;
  if (user.error().code != Code::not_found) return Failure(user.error());
  // Users without an entry are named by their number.
  if (parse_u64(name)) return name;
  return fail(Code::not_found, "--user " + quoted(name) + ": no such user");
}

}  // namespace cox::cmds
