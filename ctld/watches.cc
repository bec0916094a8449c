// Watches by job, and the jobs of each conversation.
#include "ctld/watches.h"

#include <algorithm>

namespace cox::ctld {

void Watches::add(JobId job, const Watch& watch) {
  if (open_[watch.conversation].insert(job).second) by_job_[job].push_back(watch);
}

std::size_t Watches::count(ClientId client) const {
  std::size_t jobs = 0;
  for (auto open = open_.lower_bound(Conversation{client, 0});
       open != open_.end() && open->first.client == client; ++open) {
    jobs += open->second.size();
  }
  return jobs;
}

std::vector<StepKey> Watches::steps_of(ClientId client) const {
  std::vector<StepKey> steps;
  for (auto open = open_.lower_bound(Conversation{client, 0});
       open != open_.end() && open->first.client == client; ++open) {
    for (const JobId job : open->second) {
      const auto& watches = by_job_.at(job);
      const auto watch = std::ranges::find(watches, open->first, &Watch::conversation);
      if (watch->kind == WatchKind::step) steps.push_back(watch->step);
    }
  }
  return steps;
}

std::vector<Watch>* Watches::find(JobId job) {
  const auto found = by_job_.find(job);
  return found == by_job_.end() ? nullptr : &found->second;
}

bool Watches::end(JobId job, const Conversation& conversation) {
  const auto open = open_.find(conversation);
  if (open == open_.end() || open->second.erase(job) == 0) return false;
  const auto found = by_job_.find(job);
  const auto watch = std::ranges::find(found->second, conversation, &Watch::conversation);
  found->second.erase(watch);
  if (found->second.empty()) by_job_.erase(found);
  if (!open->second.empty()) return false;
  open_.erase(open);
  return true;
}

std::vector<JobId> Watches::drop(ClientId client) {
  std::vector<JobId> attached;
  auto open = open_.lower_bound(Conversation{client, 0});
  while (open != open_.end() && open->first.client == client) {
    const Conversation conversation = open->first;
    const std::set<JobId> jobs = open->second;
    ++open;  // end() erases the entry with its last job
    for (const JobId job : jobs) {
      const auto& watches = by_job_.at(job);
      const auto watch = std::ranges::find(watches, conversation, &Watch::conversation);
      if (watch->kind == WatchKind::attached) attached.push_back(job);
      end(job, conversation);
    }
  }
  return attached;
}

}  // namespace cox::ctld
