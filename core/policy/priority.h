// In which order? Asked so that linear age cancels out and no tick re-sorts the queue.
// Implementations: plugins/priority/.
#pragma once

#include <cstdint>

#include "model/ids.h"
#include "model/job_request.h"
#include "model/settings.h"
#include "model/time.h"

namespace cox::core {

class PriorityPolicy {
 public:
  virtual ~PriorityPolicy() = default;
  /// Larger starts earlier; ties by JobId. Constant while the job waits and is not updated.
  virtual std::int64_t static_key(const JobRequest& request,
                                  Instant submitted,
                                  const PartitionSettings& partition) const = 0;
};

}  // namespace cox::core
