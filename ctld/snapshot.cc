// See snapshot.h.
#include "ctld/snapshot.h"

#include <utility>

#include "ctld/translate/live_view.h"

namespace cox::ctld {

namespace {

constexpr std::size_t snapshot_slice_jobs = 500;  // with all that they ask for: about a millisecond
constexpr std::size_t snapshot_slice_bytes = 1U << 20;

}  // namespace

bool Snapshot::next(const core::State& state,
                    const core::Contact& contact,
                    const core::Plan& plan,
                    Instant now,
                    wire::ClientReply* reply) {
  wire::LiveCluster* live = reply->mutable_live();
  if (!std::exchange(has_begun_, true)) {
    put_live_head(state, contact, now, live);
    return state.index.unended.empty();
  }
  std::size_t jobs = 0, bytes = 0;
  for (auto entry = state.index.unended.upper_bound(last_seen_); entry != state.index.unended.end();
       ++entry) {
    last_seen_ = *entry;
    wire::LiveJob* job = live->add_jobs();
    put_live_job(state, plan, *state.find_job(*entry), job);
    bytes += job->ByteSizeLong();
    if (++jobs == snapshot_slice_jobs || bytes >= snapshot_slice_bytes) return false;
  }
  return true;
}

}  // namespace cox::ctld
