// See permission.h.
#include "core/job/permission.h"

#include <algorithm>
#include <string>

#include "core/job/lifecycle.h"

namespace cox::core {

namespace {

bool names(const std::vector<RoleMember>& members, Uid uid) {
  return std::ranges::any_of(members, [uid](const RoleMember& one) { return one.uid == uid; });
}

std::string owner_text(const Job& job) {
  const UserIdentity& user = job.request.common->user;
  return user_text(user.uid, user.name);
}

}  // namespace

std::string actor_text(const Caller& caller, const Job& job) {
  const bool is_known = caller.name.empty() && caller.uid == job.request.common->user.uid;
  return is_known ? owner_text(job) : caller_text(caller);
}

Role role_of(const Settings& settings, const Caller& caller) {
  if (caller.role == Role::administrator) return caller.role;
  if (!caller.is_confined && names(settings.administrators, caller.uid)) return Role::administrator;
  if (!caller.is_confined && names(settings.operators, caller.uid)) return Role::operator_;
  return names(settings.readers, caller.uid) ? Role::read_only : caller.role;
}

Result<const Job*> controlled_job(const State& state, const Caller& caller, JobId id) {
  const Job* job = state.find_job(id);
  if (job == nullptr) return fail(Code::not_found, "no " + job_text(id));
  if (!is_operator(caller) && !is_owner(caller, *job)) {
    return fail(Code::not_permitted, job_text(*job) + " belongs to " + owner_text(*job) +
                                         ", not to " + caller_text(caller));
  }
  return job;
}

Result<void> require_operator(const Caller& caller, std::string_view doing) {
  if (is_operator(caller)) return {};
  return fail(Code::not_permitted,
              std::string(doing) + " needs an operator, not " + caller_text(caller));
}

Result<void> require_administrator(const Caller& caller, std::string_view doing) {
  if (caller.role >= Role::administrator) return {};
  return fail(Code::not_permitted,
              std::string(doing) + " needs an administrator, not " + caller_text(caller));
}

}  // namespace cox::core
