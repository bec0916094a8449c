// A whole job to and from the bytes that a checkpoint keeps. What jobs of a chunk have in common is
// kept once, beside them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/cow.h"
#include "common/result.h"
#include "core/state.h"
#include "ctld/store/chunk.pb.h"

namespace cox::ctld {

/// What the jobs of one chunk have in common, each value once, by place from 1.
class CommonList {
 public:
  /// Puts the value in, unless it is there.
  std::uint32_t place(const Cow<JobCommon>& common);

  const std::vector<Cow<JobCommon>>& values() const { return values_; }

 private:
  std::vector<Cow<JobCommon>> values_;
};

/// Appends the job's bytes to `out`. `common`: its place in the list; 0: it is in the bytes.
void encode_job(const core::Job& job, std::uint32_t common, std::string* out);

class JobDecoder {
 public:
  /// The list of the chunk that is read now.
  void set_commons(std::vector<Cow<JobCommon>> commons) { commons_ = std::move(commons); }

  /// error: internal says what is impossible
  Result<core::Job> decode(std::string_view bytes);

 private:
  Result<JobRequest> take_request() const;

  std::vector<Cow<JobCommon>> commons_;
  store::StateJob from_;  // kept for its capacity
};

}  // namespace cox::ctld
