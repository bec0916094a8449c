// Slices of the job table.
#include "ctld/listing.h"

#include "ctld/translate/replies.h"

namespace cox::ctld {

namespace {

constexpr std::size_t slice_jobs = 1000;  // looked at; about a millisecond
constexpr std::size_t slice_bytes = 1U << 20;

}  // namespace

Listing::Listing(Conversation conversation, const wire::ListJobs& request)
    : conversation_(conversation),
      user_(request.user()),
      with_ended_(request.ended()),
      full_(request.full()) {
  named_.reserve(static_cast<std::size_t>(request.jobs_size()));
  for (const std::uint64_t job : request.jobs()) named_.emplace_back(job);
}

bool Listing::next(const core::State& state, const core::Plan& plan, wire::ClientReply* reply) {
  seen_ = bytes_ = 0;
  reply->mutable_jobs();
  if (!named_.empty()) return next_named(state, plan, reply);
  if (!with_ended_) return next_unended(state, plan, reply);
  return next_any(state, plan, reply);
}

bool Listing::wanted(const core::Job& job) const {
  return user_.empty() || job.request.common->user.name == user_;
}

bool Listing::next_named(const core::State& state,
                         const core::Plan& plan,
                         wire::ClientReply* reply) {
  while (next_named_ < named_.size()) {
    const JobId id = named_[next_named_++];
    const core::Job* job = state.find_job(id);
    // What is not there is left out: the client knows what it asked for.
    if (job != nullptr && wanted(*job) && add(state, plan, *job, reply)) break;
  }
  return next_named_ == named_.size();
}

bool Listing::next_unended(const core::State& state,
                           const core::Plan& plan,
                           wire::ClientReply* reply) {
  for (auto entry = state.index.unended.upper_bound(last_seen_); entry != state.index.unended.end();
       ++entry) {
    last_seen_ = *entry;
    const core::Job& job = *state.find_job(*entry);
    if ((wanted(job) && add(state, plan, job, reply)) || ++seen_ == slice_jobs) return false;
  }
  return true;
}

bool Listing::next_any(const core::State& state, const core::Plan& plan, wire::ClientReply* reply) {
  for (auto entry = state.record.jobs.upper_bound(last_seen_); entry != state.record.jobs.end();
       ++entry) {
    last_seen_ = entry->id;
    if (wanted(*entry) && add(state, plan, *entry, reply)) return false;
    if (++seen_ == slice_jobs) return false;
  }
  return true;
}

bool Listing::add(const core::State& state,
                  const core::Plan& plan,
                  const core::Job& job,
                  wire::ClientReply* reply) {
  wire::JobView* view = reply->mutable_jobs()->add_jobs();
  put_job(state, plan, job, full_, view);
  bytes_ += view->ByteSizeLong();
  return bytes_ >= slice_bytes;
}

}  // namespace cox::ctld
