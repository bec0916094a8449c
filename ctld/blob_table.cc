// Reference counts by job.
#include "ctld/blob_table.h"

#include <algorithm>
#include <utility>

namespace cox::ctld {

void BlobTable::offer(std::vector<Blob> blobs) {
  for (Blob& blob : blobs) offers_.emplace(blob.hash, std::move(blob.bytes));
}

std::vector<Blob> BlobTable::learn(const core::Fact& fact) {
  std::vector<Blob> fresh;
  if (const auto* submitted = std::get_if<core::JobSubmitted>(&fact)) {
    keep(submitted->job, submitted->request.script, &fresh);
    keep(submitted->job, submitted->request.environment, &fresh);
    keep(submitted->job, submitted->request.initial_step.environment, &fresh);
  } else if (const auto* step = std::get_if<core::StepStarted>(&fact)) {
    keep(step->job, step->request.environment, &fresh);
  } else if (const auto* ended = std::get_if<core::JobEnded>(&fact)) {
    release(ended->job);
  }
  return fresh;
}

void BlobTable::restore(const core::Job& job) {
  if (job.phase == JobPhase::ended) return;
  std::vector<Blob> fresh;
  keep(job.id, job.request.script, &fresh);
  keep(job.id, job.request.environment, &fresh);
  keep(job.id, job.request.initial_step.environment, &fresh);
  for (const core::Step& step : job.steps) keep(job.id, step.request.environment, &fresh);
}

BlobTable::Bytes BlobTable::find(const Hash& hash) const {
  const auto found = entries_.find(hash);
  return found == entries_.end() ? nullptr : found->second.bytes;
}

std::vector<Hash> BlobTable::missing() const {
  std::vector<Hash> hashes;
  for (const auto& [hash, entry] : entries_) {
    if (entry.bytes == nullptr) hashes.push_back(hash);
  }
  return hashes;
}

void BlobTable::fill(const Hash& hash, std::string bytes) {
  const auto found = entries_.find(hash);
  if (found == entries_.end()) return;
  found->second.bytes = std::make_shared<const std::string>(std::move(bytes));
}

void BlobTable::keep(JobId job, const Hash& hash, std::vector<Blob>* fresh) {
  if (hash.empty()) return;
  std::vector<Hash>& held = held_[job];
  if (std::ranges::find(held, hash) != held.end()) return;
  held.push_back(hash);
  Entry& entry = entries_[hash];
  ++entry.users;
  if (entry.bytes != nullptr) return;
  const auto offered = offers_.find(hash);
  if (offered == offers_.end()) return;
  entry.bytes = offered->second;
  fresh->push_back({hash, entry.bytes});
}

void BlobTable::release(JobId job) {
  const auto held = held_.find(job);
  if (held == held_.end()) return;
  for (const Hash& hash : held->second) {
    const auto entry = entries_.find(hash);
    if (--entry->second.users == 0) entries_.erase(entry);
  }
  held_.erase(held);
}

}  // namespace cox::ctld
