// Slices of hashes, compared with the counts of the moment.
#include "ctld/blob_sweep.h"

#include <utility>

namespace cox::ctld {

namespace {

constexpr std::size_t hashes_per_slice = 4096;

}  // namespace

/// Not while anything is in doubt: what a job in quarantine needs is not known for certain.
void BlobSweep::tick() {
  const core::Record& record = machine_.state().record;
  if (is_done_ || is_asked_ || !record.quarantined.empty() || !record.lost.empty()) return;
  is_asked_ = true;
  journal_.list_blobs(after_, hashes_per_slice,
                      [this](const Result<std::vector<Hash>>& hashes) { take(hashes); });
}

/// A disk that fails shows at the next commit; the next start looks again.
void BlobSweep::take(const Result<std::vector<Hash>>& hashes) {
  is_asked_ = false;
  is_done_ = !hashes || hashes->size() < hashes_per_slice;
  if (!hashes || hashes->empty()) return;
  after_ = hashes->back();
  std::vector<Hash> unused;
  for (const Hash& hash : *hashes) {
    if (machine_.blob_counts().count(hash) == 0) unused.push_back(hash);
  }
  for (const Hash& hash : unused) machine_.blobs().forget(hash);
  if (!unused.empty()) journal_.drop_blobs(std::move(unused));
}

}  // namespace cox::ctld
