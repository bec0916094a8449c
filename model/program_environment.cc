// See program_environment.h.
#include "model/program_environment.h"

#include "common/node_list.h"

namespace cox {

ProgramEnvironment::ProgramEnvironment(const ProgramAttempt& about, const UserIdentity& user) {
  add("COX_PROGRAM", about.program);
  add("COX_JOB_ID", std::to_string(about.attempt.job.value));
  add("COX_ATTEMPT", std::to_string(about.attempt.attempt.value));
  add("COX_JOB_NAME", about.job_name);
  add("COX_JOB_USER", user.name);
  add("COX_JOB_UID", std::to_string(user.uid));
  add("COX_JOB_GID", std::to_string(user.gid));
  add("COX_NNODES", std::to_string(about.nodes.size()));
  add("COX_NODELIST", fold_node_list(about.nodes));
  if (about.array == JobId{}) return;
  add("COX_ARRAY_ID", std::to_string(about.array.value));
  add("COX_ARRAY_INDEX", std::to_string(about.index));
}

ProgramEnvironment& ProgramEnvironment::add(const char* name, const std::string& value) {
  entries_.push_back(std::string(name) + "=" + value);
  return *this;
}

}  // namespace cox
