// Allocations that belong to the command which asked for them. A connection that breaks, and a
// controller that was away, give that command a minute to come back.
#include <algorithm>
#include <utility>

#include "ctld/client_desk.h"

namespace cox::ctld {
namespace {

// Counted, not timed: neither a clock that is set nor a controller that is slow shortens it.
constexpr int ticks_alone_max = 60;  // of about a second

bool belongs_to_client(const core::Job& job) {
  const JobCommon& common = *job.request.common;
  return common.kind == JobKind::interactive && !common.has_initial_step &&
         common.ends_with_client && job.phase != JobPhase::ended;
}

}  // namespace

bool ClientDesk::is_attended(JobId id) {
  const std::vector<Watch>* watches = watches_.find(id);
  return watches != nullptr && std::ranges::any_of(*watches, [](const Watch& watch) {
           return watch.kind == WatchKind::attached;
         });
}

void ClientDesk::left_alone(JobId id) {
  const core::Job* job = state().find_job(id);
  if (job != nullptr && belongs_to_client(*job) && !is_attended(id)) alone_.emplace(id, 0);
}

void ClientDesk::end_allocations_alone() {
  if (!std::exchange(has_looked_for_alone_, true)) {
    // Of before this controller: whether their commands live is heard when they come back.
    for (const JobId id : state().index.unended) left_alone(id);
  }
  for (auto one = alone_.begin(); one != alone_.end();) {
    const auto [id, ticks] = *one;
    const core::Job* job = state().find_job(id);
    const bool is_over = job == nullptr || !belongs_to_client(*job) || is_attended(id);
    if (!is_over && ticks < ticks_alone_max) {
      ++one->second;
      ++one;
      continue;
    }
    one = alone_.erase(one);
    if (is_over) continue;
    const UserIdentity& user = job->request.common->user;
    machine_.ask(core::FinishJob{Caller{user.uid, user.gid, Role::user}, id, true});
  }
}

}  // namespace cox::ctld
