// The table of policies: no registration by global constructors.
#include "plugins/policies.h"

#include <array>
#include <string_view>
#include <utility>

#include "plugins/priority/fifo/fifo.h"
#include "plugins/priority/multifactor/multifactor.h"
#include "plugins/select/linear/linear.h"
#include "plugins/select/topology/topology.h"

namespace cox::plugins {

namespace {

template <class Policy>
struct Entry {
  std::string_view name;
  std::unique_ptr<Policy> (*make)();
};

constexpr std::array<Entry<core::SelectPolicy>, 2> select_policies = {{
    {"topology",
     []() -> std::unique_ptr<core::SelectPolicy> { return std::make_unique<TopologySelect>(); }},
    {"linear",
     []() -> std::unique_ptr<core::SelectPolicy> { return std::make_unique<LinearSelect>(); }},
}};

constexpr std::array<Entry<core::PriorityPolicy>, 2> priority_policies = {{
    {"multifactor",
     []() -> std::unique_ptr<core::PriorityPolicy> {
       return std::make_unique<MultifactorPriority>();
     }},
    {"fifo",
     []() -> std::unique_ptr<core::PriorityPolicy> { return std::make_unique<FifoPriority>(); }},
}};

template <class Policy, std::size_t count>
Result<std::unique_ptr<Policy>> make(const std::array<Entry<Policy>, count>& table,
                                     const char* kind,
                                     const std::string& name) {
  std::string known;
  for (const Entry<Policy>& entry : table) {
    if (entry.name == name) return entry.make();
    known.append(known.empty() ? "" : ", ").append(entry.name);
  }
  return fail(Code::not_found,
              std::string("no ") + kind + " policy " + name + " (there are: " + known + ")");
}

}  // namespace

Result<PolicySet> make_policies(const Settings& settings) {
  auto select = make(select_policies, "select", settings.select);
  if (!select) return tl::unexpected(select.error());
  auto priority = make(priority_policies, "priority", settings.priority);
  if (!priority) return tl::unexpected(priority.error());
  return PolicySet{std::move(*select), std::move(*priority), settings.select, settings.priority};
}

}  // namespace cox::plugins
