// cox wait: waits until jobs end; exits with the status of the worst.
#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/labelled.h"
#include "cmds/client/session.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "common/count_text.h"
#include "common/text.h"
#include "model/array_spec.h"

namespace cox::cmds {
namespace wait_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"quiet", 'q', "", "say nothing of jobs that ended badly"},
      jobs_label_option,
      OptionSpec{"timeout", 0, "SECONDS", "wait no longer; then exit 125"},
      json_option,
      cluster_option,
      help_option};
  return table;
}

wire::ClientRequest wait_request(const std::vector<JobName>& jobs) {
  wire::ClientRequest request;
  put_names(jobs, request.mutable_wait_jobs());
  return request;
}

/// The jobs waited for and how each ended.
class Ends {
 public:
  explicit Ends(const std::vector<JobName>& jobs) {
    std::map<std::uint64_t, bool> whole;
    for (const JobName& job : jobs) {
      const bool is_new = job.elements.empty() && whole.insert({job.job.value, true}).second;
      asked_ += job.elements.empty() ? (is_new ? 1 : 0) : job.elements.count();
    }
  }

  void take(const wire::JobView& job, bool is_quiet) {
    if (!job.is_final() || !seen_.insert({job.id(), true}).second) return;
    const bool is_group = !job.is_element() && job.id().find('_') != std::string::npos;
    const auto group = parse_array(is_group ? job.elements() : "");
    ended_ += group ? group->count() : 1;
    worst_ = std::max(worst_, job_status(job));
    if (job_status(job) != 0 && !is_quiet) print_error(job_end_text(job));
    views_.push_back(job);
  }

  int worst() const { return worst_; }

  std::string document() const {
    JsonWriter json;
    json.begin_array("jobs");
    for (const wire::JobView& job : views_) write_json(job, &json);
    json.end_array();
    json.number("status", worst_);
    return json.take();
  }

  std::string progress() const {
    return std::to_string(ended_) + " of " + count_text(asked_, "job") + " ended";
  }

 private:
  std::map<std::string, bool> seen_;  // by the names of the controller
  std::size_t asked_ = 0;
  std::size_t ended_ = 0;
  int worst_ = 0;
  std::vector<wire::JobView> views_;  // in the order in which they ended
};

Result<int> wait_for_ends(const Parsed& given,
                          const std::vector<JobName>& jobs,
                          Session& session,
                          Duration time_out) {
  const Instant deadline = wall_now() + time_out;
  Ends ends(jobs);
  Progress progress;
  Result<void> sent = session.send(wait_request(jobs));
  while (true) {
    progress.show(ends.progress());
    const Duration left = deadline - wall_now();
    if (left.us <= 0) return fail(Code::timed_out, ends.progress() + " in the given time");
    auto reply =
        sent ? session.next(left) : Result<std::optional<wire::ClientReply>>(Failure(sent.error()));
    if (!reply && reply.error().code == Code::unreachable) {
      const auto again = session.reconnect(reply.error());
      if (!again) return Failure(again.error());
      sent = session.send(wait_request(jobs));
      continue;
    }
    if (!reply) return Failure(reply.error());
    if (!*reply) continue;
    if ((*reply)->has_event()) {
      progress.clear();
      ends.take((*reply)->event().job(), given.has("quiet"));
    }
    if ((*reply)->last()) break;
  }
  const auto printed = given.has("json") ? print(ends.document()) : Result<void>();
  if (!printed) return Failure(printed.error());
  return ends.worst();
}

Result<int> run(const Parsed& given) {
  auto jobs = job_operands(given);
  if (!jobs) return Failure(jobs.error());
  if (jobs->empty() && !given.has("label")) {
    return usage_error(given.command(), "a job id is missing");
  }
  Duration time_out = duration_unlimited;
  if (given.has("timeout")) {
    const auto number = number_option("timeout", given.value("timeout"), 0, 1'000'000'000);
    if (!number) return Failure(number.error());
    time_out = seconds(*number);
  }
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  if (given.has("label")) {
    auto labelled = labelled_jobs(given, *session, Labelled::known);
    if (!labelled) return Failure(labelled.error());
    jobs->insert(jobs->end(), labelled->begin(), labelled->end());
  }
  return wait_for_ends(given, *jobs, *session, time_out);
}

}  // namespace
}  // namespace wait_locals

const Command wait_command{"wait",
                           "JOB... | -l SELECTOR [OPTIONS]",
                           "wait until jobs end; status of the worst",
                           wait_locals::options,
                           Operands::anywhere,
                           own_failure_status,
                           wait_locals::run};

}  // namespace cox::cmds
