// Supervisors of a private cluster that belong to no job of its controller.
#include <poll.h>

#include <algorithm>

#include "cmds/client/submission.h"
#include "cmds/doctor/findings.h"
#include "cmds/down/leftovers.h"
#include "common/count_text.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

// One whose job has just ended goes as soon as its node has heard of it.
constexpr int looks_max = 10;
constexpr int between_looks_ms = 100;

/// "coxstepd JOB.ATTEMPT.STEP" is of an attempt that the controller holds.
bool has_job(const std::string& name, const wire::JobList& jobs) {
  const auto parts = split(std::string_view(name).substr(name.find(' ') + 1), '.');
  if (parts.size() != 3) return false;
  const auto id = parse_u64(parts[0]);
  const auto attempt = parse_u64(parts[1]);
  return std::any_of(jobs.jobs().begin(), jobs.jobs().end(), [&](const wire::JobView& job) {
    return id == job.job() && attempt == job.attempt() && !job.is_final() &&
           job.state() != "PENDING";
  });
}

/// The supervisors are counted first: one that starts meanwhile has its job in the list.
Result<std::vector<Daemon>> strays_of(Session& session, const std::string& dir) {
  std::vector<Daemon> found = living_supervisors(dir);
  if (found.empty()) return found;
  wire::ClientRequest request;
  request.mutable_list_jobs();
  const auto reply = session.ask(request);
  if (!reply) return Failure(reply.error());
  std::erase_if(found, [&](const Daemon& one) { return has_job(one.name, reply->jobs()); });
  return found;
}

}  // namespace

Result<void> examine_supervisors(Session& session,
                                 const std::string& dir,
                                 std::vector<Finding>* findings) {
  auto strays = strays_of(session, dir);
  for (int look = 1; strays && !strays->empty() && look < looks_max; ++look) {
    ::poll(nullptr, 0, between_looks_ms);
    strays = strays_of(session, dir);
  }
  if (!strays) return Failure(strays.error());
  if (strays->empty()) return {};
  std::string pids;
  for (const Daemon& one : *strays) pids += " " + std::to_string(one.pid);
  findings->push_back({Grade::failed, "leftovers",
                       count_text(strays->size(), "supervisor") + " without a job in " + dir,
                       "their node's daemon ends them: cox up --dir " + dir +
                           "; where it runs already: kill" + pids});
  return {};
}

}  // namespace cox::cmds
