// Equal JobCommon values are kept once in memory. A matter of space alone: no decision, and no
// comparison of State, depends on what is here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "common/cow.h"
#include "model/job_request.h"

namespace cox::core {

class CommonTable {
 public:
  /// The value equal to `common` that is kept already, or `common`, which is kept from now on.
  Cow<JobCommon> intern(const Cow<JobCommon>& common);

  std::size_t size() const { return known_.size(); }

 private:
  /// Forgets values that no job holds any more.
  void sweep();

  std::unordered_multimap<std::uint64_t, Cow<JobCommon>> known_;  // by hash of the content
  Cow<JobCommon> last_;
  std::size_t sweep_at_ = 1024;
};

}  // namespace cox::core
