// The journal of a fake world. What was appended lasts only once its sync is over; a crash keeps a
// prefix of what was under way.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ctld/store/record.h"
#include "ctld/store/store.h"

namespace cox::faults {

class FakeDisk : public ctld::Store {
 public:
  Result<void> append(const std::vector<ctld::Batch>& batches) override {
    for (const auto& batch : batches) {
      keep(batch);
    }
    return {};
  }

  void keep(const ctld::Batch& batch) {
    for (const auto& blob : batch.blobs) {
      blobs_[blob.hash] = *blob.bytes;
    }
    batches_.push_back(batch);
  }

  Result<void> load(std::uint64_t after, const Visitor& visit) override {
    for (const auto& batch : batches_) {
      std::uint64_t sequence = batch.first_sequence;
      const auto read = ctld::for_each_record_left(
          batch.records, batch.count, [&](std::string_view record, bool is_whole) -> Result<void> {
            const ctld::FoundRecord found{sequence++, batch.epoch, record, is_whole};
            return found.sequence <= after ? Result<void>{} : visit(found);
          });
      if (!read) {
        return read;
      }
    }
    return {};
  }

  Result<std::string> read_blob(const Hash& hash) override {
    const auto found = blobs_.find(hash);
    if (found == blobs_.end()) {
      return fail(Code::not_found, "no such blob");
    }
    return found->second;
  }

  Result<bool> cut(std::uint64_t sequence, std::size_t) override {
    std::erase_if(batches_, [&](const auto& one) { return one.last_sequence() <= sequence; });
    return true;
  }

  Result<void> drop_blobs(const std::vector<Hash>& hashes) override {
    for (const Hash& hash : hashes) {
      blobs_.erase(hash);
    }
    return {};
  }

  Result<void> tidy() override { return {}; }

  std::uint64_t untidy_bytes() const override { return 0; }

 private:
  std::vector<ctld::Batch> batches_;
  std::map<Hash, std::string> blobs_;
};

}  // namespace cox::faults
