// See blob_table.h. Content that falls out was handed to the journal in an earlier turn, or came
// from the store: a read that is asked for later finds it there.
#include "ctld/blob_table.h"

#include <cstring>
#include <utility>

namespace cox::ctld {

namespace {

// List node, table node, shared bytes: about this much beside the content.
constexpr std::size_t entry_bytes = 256;

std::size_t cost(const Blob& blob) {
  return blob.bytes->size() + entry_bytes;
}

}  // namespace

/// The bytes are a hash already.
std::size_t BlobTable::HashOfHash::operator()(const Hash& hash) const {
  std::size_t word = 0;
  std::memcpy(&word, hash.bytes.data(), sizeof word);
  return word;
}

void BlobTable::offer(std::vector<Blob> blobs) {
  for (Blob& blob : blobs) offers_.emplace(blob.hash, std::move(blob.bytes));
}

std::vector<Blob> BlobTable::learn(const core::Fact& fact) {
  std::vector<Blob> fresh;
  if (offers_.empty()) return fresh;
  if (const auto* submitted = std::get_if<core::JobSubmitted>(&fact)) {
    take_up(submitted->request.script, &fresh);
    take_up(submitted->request.environment, &fresh);
    take_up(submitted->request.common->initial_step.environment, &fresh);
  } else if (const auto* updated = std::get_if<core::JobUpdated>(&fact)) {
    take_up(updated->request.environment, &fresh);
  } else if (const auto* step = std::get_if<core::StepStarted>(&fact)) {
    take_up(step->request.environment, &fresh);
  } else if (const auto* queued = std::get_if<core::StepQueued>(&fact)) {
    take_up(queued->request.environment, &fresh);
  }
  return fresh;
}

BlobTable::Bytes BlobTable::find(const Hash& hash) {
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->bytes;
}

void BlobTable::fill(const Hash& hash, Bytes bytes) {
  if (by_hash_.contains(hash)) return;
  entries_.push_front({hash, std::move(bytes)});
  by_hash_.emplace(hash, entries_.begin());
  used_ += cost(entries_.front());
  while (used_ > limit_ && entries_.size() > 1) {
    used_ -= cost(entries_.back());
    by_hash_.erase(entries_.back().hash);
    entries_.pop_back();
  }
}

void BlobTable::forget(const Hash& hash) {
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return;
  used_ -= cost(*found->second);
  entries_.erase(found->second);
  by_hash_.erase(found);
}

/// What is here already is in the store, or in a batch before this one.
void BlobTable::take_up(const Hash& hash, std::vector<Blob>* fresh) {
  const auto offered = hash.empty() ? offers_.end() : offers_.find(hash);
  if (offered == offers_.end() || find(hash) != nullptr) return;
  fill(hash, offered->second);
  fresh->push_back({hash, offered->second});
}

}  // namespace cox::ctld
