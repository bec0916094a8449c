// Select plug-in `topology`: a job's cores within as few NUMA nodes and L3 caches as possible, on
// the node whose remaining room they break up least; devices and memory beside them.
#pragma once

#include "core/policy/select.h"

namespace cox::plugins {

class TopologySelect final : public core::SelectPolicy {
 public:
  core::Selection select(const JobRequest& request, const core::FreeNodes& free) const override;
};

}  // namespace cox::plugins
