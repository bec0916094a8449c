// Slices of the job table.
#include "ctld/listing.h"

#include <utility>

#include "core/job/array.h"

namespace cox::ctld {

namespace {

constexpr std::size_t slice_jobs = 1000;  // looked at; about a millisecond
constexpr std::size_t slice_bytes = 1U << 20;
constexpr std::size_t short_bytes = 256;  // at most, of a view without its long texts

/// To count them exactly was 8 % of the controller's time for a list of short ones.
std::size_t bytes_of(const wire::JobView& view, Detail detail) {
  if (detail == Detail::full) return view.ByteSizeLong();
  return short_bytes + view.name().size() + view.node_list().size() + view.why().size() +
         view.partition().size() + view.elements().size();
}

}  // namespace

Detail detail_of(const wire::ListJobs& request) {
  if (request.full()) return Detail::full;
  return request.brief() ? Detail::brief : Detail::usual;
}

Listing::Listing(Conversation conversation,
                 const wire::ListJobs& request,
                 Selector selector,
                 ListedNames names,
                 bool is_named)
    : conversation_(conversation),
      names_(std::move(names)),
      is_named_(is_named),
      users_(request.user()),
      selector_(std::move(selector)),
      with_ended_(request.ended()),
      detail_(detail_of(request)),
      with_bindings_(request.full() && request.bindings()),
      with_priorities_(request.priorities()) {}

bool Listing::next(const core::State& state,
                   const core::Plan& plan,
                   core::PlaceTerms places,
                   wire::ClientReply* reply) {
  seen_ = bytes_ = 0;
  reply->mutable_jobs();
  const bool last = is_named_      ? next_named(state, plan, reply)
                    : !with_ended_ ? next_unended(state, plan, reply)
                                   : next_any(state, plan, reply);
  if (!with_priorities_) return last;
  for (wire::JobView& view : *reply->mutable_jobs()->mutable_jobs()) {
    const core::Job* job = state.find_job(JobId(view.job()));
    if (job != nullptr && !view.is_final()) put_priorities(*job, places, &view);
  }
  return last;
}

bool Listing::wanted(const core::Job& job) const {
  return users_.takes(job.request.common->user.name) &&
         (selector_.empty() || selector_.matches(job.request.common->labels));
}

bool Listing::next_named(const core::State& state,
                         const core::Plan& plan,
                         wire::ClientReply* reply) {
  while (next_elements_ < names_.elements.size()) {
    if (add(state, plan, names_.elements[next_elements_++], reply)) return false;
  }
  while (next_named_ < names_.jobs.size()) {
    const JobId id = names_.jobs[next_named_++];
    const core::Job* job = state.find_job(id);
    // What is not there is left out: the client knows what it asked for.
    if (job != nullptr && wanted(*job) && add(state, plan, *job, reply)) break;
  }
  return next_named_ == names_.jobs.size();
}

bool Listing::next_unended(const core::State& state,
                           const core::Plan& plan,
                           wire::ClientReply* reply) {
  for (auto entry = state.index.unended.upper_bound(last_seen_); entry != state.index.unended.end();
       ++entry) {
    last_seen_ = *entry;
    const core::Job& job = *state.find_job(*entry);
    // Of a split array its elements are on the list.
    const bool is_shown = wanted(job) && job.phase != JobPhase::split;
    if ((is_shown && add(state, plan, job, reply)) || ++seen_ == slice_jobs) return false;
  }
  return true;
}

bool Listing::next_any(const core::State& state, const core::Plan& plan, wire::ClientReply* reply) {
  for (auto entry = state.record.jobs.upper_bound(last_seen_); entry != state.record.jobs.end();
       ++entry) {
    last_seen_ = entry->id;
    if (wanted(*entry) && add_any(state, plan, *entry, reply)) return false;
    if (++seen_ == slice_jobs) return false;
  }
  return true;
}

/// An array is shown by what of it has no jobs.
bool Listing::add_any(const core::State& state,
                      const core::Plan& plan,
                      const core::Job& job,
                      wire::ClientReply* reply) {
  if (!core::is_array(job)) return add(state, plan, job, reply);
  const ArraySpec& cancelled = job.run->array->cancelled;
  bool is_full = false;
  if (!cancelled.empty()) is_full = add(state, plan, {job.id, cancelled, true}, reply);
  if (job.phase == JobPhase::pending) is_full = add(state, plan, job, reply);
  return is_full;
}

bool Listing::add(const core::State& state,
                  const core::Plan& plan,
                  const ListedElements& elements,
                  wire::ClientReply* reply) {
  const core::Job* array = state.find_job(elements.array);
  if (array == nullptr || !wanted(*array)) return false;
  wire::JobView* view = reply->mutable_jobs()->add_jobs();
  put_elements(state, plan, *array, elements.elements, elements.is_cancelled, detail_, view);
  bytes_ += bytes_of(*view, detail_);
  return bytes_ >= slice_bytes;
}

bool Listing::add(const core::State& state,
                  const core::Plan& plan,
                  const core::Job& job,
                  wire::ClientReply* reply) {
  wire::JobView* view = reply->mutable_jobs()->add_jobs();
  put_job(state, plan, job, detail_, view);
  if (with_bindings_) put_bindings(state, job, view);
  bytes_ += bytes_of(*view, detail_);
  return bytes_ >= slice_bytes;
}

}  // namespace cox::ctld
