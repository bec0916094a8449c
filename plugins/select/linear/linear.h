// Select plug-in `linear`: nodes in their order, the lowest free cores of each.
#pragma once

#include "core/policy/select.h"

namespace cox::plugins {

class LinearSelect final : public core::SelectPolicy {
 public:
  core::Selection select(const JobRequest& request, const core::FreeNodes& free) const override;
};

}  // namespace cox::plugins
