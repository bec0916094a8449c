// The policies that are linked in, by the names that the configuration uses.
#pragma once

#include <memory>
#include <string>

#include "common/result.h"
#include "core/policy/priority.h"
#include "core/policy/select.h"
#include "model/settings.h"

namespace cox::plugins {

struct PolicySet {
  std::unique_ptr<core::SelectPolicy> select;
  std::unique_ptr<core::PriorityPolicy> priority;
  std::string select_name, priority_name;
};

/// error: not_found names the policy and those there are
Result<PolicySet> make_policies(const Settings& settings);

}  // namespace cox::plugins
