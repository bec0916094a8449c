// Statuses as a shell would give them.
#include "cmds/client/job_end.h"

#include <algorithm>

#include "cmds/client/local_instants.h"
#include "cmds/client/views.h"

namespace cox::cmds {

int job_status(const wire::JobView& job) {
  if (job.signal() != 0) return 128 + job.signal();
  if (job.exit_code() != 0) return std::clamp(static_cast<int>(job.exit_code()), 1, 255);
  return job.state() == "COMPLETED" ? 0 : 1;
}

std::string job_end_text(const wire::JobView& job) {
  std::string text = "job " + id_text(job) + ": " + job.state();
  const std::string outcome = outcome_text(job);
  if (!outcome.empty()) text += ", " + outcome;
  if (!job.why().empty()) text += ": " + with_local_instants(job.why());
  if (!job.counts().empty()) text += " (" + job.counts() + ")";
  return text;
}

}  // namespace cox::cmds
