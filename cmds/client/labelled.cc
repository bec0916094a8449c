// See labelled.h.
#include "cmds/client/labelled.h"

#include <unistd.h>

#include <set>

#include "cmds/client/commands.h"
#include "common/text.h"
#include "model/selector.h"

namespace cox::cmds {

Result<std::vector<JobName>> labelled_jobs(const Parsed& given, Session& session, Labelled which) {
  const std::string& text = given.value("label");
  const auto selector = Selector::parse(text);
  if (!selector) return Failure(selector.error().with_context("--label"));
  if (selector->empty()) {
    return fail(Code::bad_usage, "--label \"\": a selector is expected, as app=cfd");
  }
  wire::ClientRequest request;
  request.mutable_list_jobs()->set_selector(text);
  request.mutable_list_jobs()->set_ended(which == Labelled::known);
  const auto reply = session.ask_surely(request);
  if (!reply) return Failure(reply.error());
  std::set<std::uint64_t> ids;
  for (const wire::JobView& job : reply->jobs().jobs()) {
    if (job.uid() == ::geteuid()) ids.insert(job.array() != 0 ? job.array() : job.job());
  }
  std::vector<JobName> jobs;
  for (const std::uint64_t id : ids) jobs.push_back({JobId{id}, {}, {}, std::to_string(id)});
  if (!jobs.empty()) return jobs;
  const char* whose = which == Labelled::known ? "no job of yours that the controller has in memory"
                                               : "no job of yours that has not ended";
  return fail(Code::not_found, std::string(whose) + " has labels " + quoted(text));
}

Result<void> check_names_or_label(const Parsed& given, bool has_names) {
  if (has_names != given.has("label")) return {};
  return usage_error(given.command(),
                     has_names ? "jobs or --label, not both" : "a job or --label is missing");
}

}  // namespace cox::cmds
