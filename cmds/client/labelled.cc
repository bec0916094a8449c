// See labelled.h.
#include "cmds/client/labelled.h"

#include <unistd.h>

#include <map>
#include <string>

#include "cmds/client/commands.h"
#include "cmds/client/views.h"
#include "common/text.h"
#include "model/selector.h"

namespace cox::cmds {
namespace {

const char* words_of(Labelled which) {
  switch (which) {
    case Labelled::known:
      return "no job of yours that the controller has in memory";
    case Labelled::running:
      return "no job of yours that runs";
    case Labelled::unended:
      break;
  }
  return "no job of yours that has not ended";
}

}  // namespace

Result<std::string> selector_asked(const Parsed& given) {
  const std::vector<std::string> texts = given.values("label");
  std::string all;
  for (const std::string& text : texts) {
    const auto selector = Selector::parse(text);
    if (!selector) return Failure(selector.error().with_context("--label"));
    if (selector->empty()) {
      return fail(Code::bad_usage, "--label \"\": a selector is expected, as app=cfd");
    }
    if (texts.size() == 1) return text;
    all += (all.empty() ? "(" : " & (") + text + ")";
  }
  // Together they may be too long.
  if (const auto whole = Selector::parse(all); !whole) {
    return Failure(whole.error().with_context("--label"));
  }
  return all;
}

Result<std::vector<JobName>> labelled_jobs(const Parsed& given, Session& session, Labelled which) {
  const auto text = selector_asked(given);
  if (!text) return Failure(text.error());
  wire::ClientRequest request;
  request.mutable_list_jobs()->set_selector(*text);
  request.mutable_list_jobs()->set_ended(which == Labelled::known);
  const auto reply = session.ask_surely(request);
  if (!reply) return Failure(reply.error());
  std::map<std::uint64_t, std::string> names;
  for (const wire::JobView& job : reply->jobs().jobs()) {
    if (job.uid() != ::geteuid()) continue;
    if (which == Labelled::running) {
      if (job.attempt() != 0 && job.state() != "PENDING") names.emplace(job.job(), id_text(job));
    } else {
      const std::uint64_t id = job.array() != 0 ? job.array() : job.job();
      names.emplace(id, std::to_string(id));
    }
  }
  std::vector<JobName> jobs;
  for (const auto& [id, name] : names) jobs.push_back({JobId{id}, {}, {}, name});
  if (!jobs.empty()) return jobs;
  return fail(Code::not_found, std::string(words_of(which)) + " has labels " + quoted(*text));
}

Result<JobName> one_labelled_job(const Parsed& given, Session& session) {
  constexpr std::size_t named_max = 10;
  const auto jobs = labelled_jobs(given, session, Labelled::running);
  if (!jobs) return Failure(jobs.error());
  if (jobs->size() == 1) return jobs->front();
  std::vector<std::string> names;
  for (const JobName& job : *jobs) {
    if (names.size() == named_max) break;
    names.push_back(job.text);
  }
  return fail(Code::bad_usage, "--label " + quoted(join(given.values("label"), " & ")) + ": " +
                                   std::to_string(jobs->size()) +
                                   " jobs that run have such labels: " + join(names, ", ") +
                                   (jobs->size() > names.size() ? ", ..." : ""));
}

Result<void> check_names_or_label(const Parsed& given, bool has_names) {
  if (has_names != given.has("label")) return {};
  return usage_error(given.command(),
                     has_names ? "jobs or --label, not both" : "a job or --label is missing");
}

}  // namespace cox::cmds
