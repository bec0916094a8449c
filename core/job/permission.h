// Who may do what to a job: its owner, an operator, an administrator.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "core/state.h"
#include "model/user.h"

namespace cox::core {

inline bool is_operator(const Caller& caller) {
  return caller.role >= Role::operator_;
}

inline bool is_owner(const Caller& caller, const Job& job) {
  return caller.role >= Role::user && caller.uid == job.request.common->user.uid;
}

/// Who acts on the job, as people know them: its own user's name is known also where nobody has
/// looked the caller's up.
std::string actor_text(const Caller& caller, const Job& job);

/// The role that the configuration gives the caller; an administrator by its connection stays one.
Role role_of(const Settings& settings, const Caller& caller);

/// The job, when the caller may change it. error: not_found, not_permitted
Result<const Job*> controlled_job(const State& state, const Caller& caller, JobId id);
/// error: not_permitted, naming what needs an operator
Result<void> require_operator(const Caller& caller, std::string_view doing);
Result<void> require_administrator(const Caller& caller, std::string_view doing);

}  // namespace cox::core
