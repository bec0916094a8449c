// What makes two pending jobs one class: everything that can change where, and whether, they fit.
#pragma once

#include <cstdint>
#include <string>

#include "model/job_request.h"
#include "model/settings.h"

namespace cox::core {

/// Equal keys and equal limits: a refusal of one job is a refusal of the other. Bytes, not for
/// people.
std::string kind_key(const JobCommon& common, const std::string& partition);

/// The limit with it: a job may fit before a reservation that a longer one would delay.
std::string class_key(const JobRequest& request, const std::string& partition);

/// Cores that the request needs at least, whatever nodes it gets; for the count filter.
std::uint64_t cores_least(const JobRequest& request, const PartitionSettings& partition);

}  // namespace cox::core
