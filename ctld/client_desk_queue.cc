// Lists that are watched: first the list, in slices, then what changes in it.
#include <string>
#include <utility>

#include "ctld/client_desk.h"

namespace cox::ctld {

namespace {

constexpr std::size_t watches_max = 8;  // of one client

}  // namespace

/// Registered before the first slice: what changes while the list is on its way is told behind it.
bool ClientDesk::watch_list(const Conversation& to,
                            const wire::ListJobs& request,
                            const Selector& selector) {
  if (const std::size_t open = queue_watches_.count(to.client); open >= watches_max) {
    refuse(to, {Code::refused, std::to_string(open) + " lists are watched by this client already"});
    return false;
  }
  auto elements = take_elements(request.elements());
  if (!elements) {
    refuse(to, elements.error());
    return false;
  }
  WatchedNames names;
  for (const std::uint64_t job : request.jobs()) names.jobs.emplace(job);
  for (auto& [array, some] : *elements) names.elements[array].push_back(std::move(some));
  queue_watches_.add(QueueWatch(to, request.user(), selector, std::move(names), request.ended(),
                                detail_of(request)));
  return true;
}

/// A slice of the list is on its way. Returns whether the conversation goes on behind the last.
bool ClientDesk::continue_watched(const Conversation& to, bool last, wire::ClientReply* answer) {
  QueueWatch* watch = queue_watches_.find(to);
  if (watch == nullptr) return false;
  watch->remember(state(), machine_.plan(), answer->jobs());
  if (last) {
    answer->mutable_jobs()->set_complete(true);
    watch->listed();
  }
  return true;
}

void ClientDesk::note_watched(const Changes& changes) {
  for (QueueWatch& watch : queue_watches_.all()) {
    for (const JobId job : changes.jobs) watch.note(state(), job);
    for (const JobId job : changes.turns) watch.note(state(), job);
  }
}

bool ClientDesk::can_be_told(const QueueWatch& watch) const {
  return watch.is_due(machine_.now()) &&
         links_.queued_bytes(watch.conversation().client) <= queued_bytes_max;
}

/// Sends changes to one client that is due for some. False when none is.
bool ClientDesk::tell_watched() {
  for (QueueWatch& watch : queue_watches_.all()) {
    if (!can_be_told(watch)) continue;
    wire::ClientReply answer;
    watch.next(state(), machine_.plan(), machine_.now(), answer.mutable_jobs());
    reply(watch.conversation(), std::move(answer), false, true);
    return true;
  }
  return false;
}

bool ClientDesk::has_told_too_little() const {
  for (const QueueWatch& watch : queue_watches_.all()) {
    if (can_be_told(watch)) return true;
  }
  return false;
}

}  // namespace cox::ctld
