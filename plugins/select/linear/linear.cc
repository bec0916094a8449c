// First fit: every node that fits is as good as any other.
#include "plugins/select/linear/linear.h"

#include "core/policy/choose.h"

namespace cox::plugins {
namespace {

class FirstFit final : public core::Taste {
 public:
  std::uint64_t score(const core::Need&, NodeId, std::uint32_t) const override { return 0; }

  Bitset pick(const core::Need& need,
              NodeId node,
              std::uint32_t,
              std::uint64_t cores) const override {
    return need.view().free[node.value].cores.lowest(cores);
  }
};

}  // namespace

core::Selection LinearSelect::select(const JobRequest& request, const core::FreeNodes& free) const {
  return core::choose(request, free, FirstFit{});
}

}  // namespace cox::plugins
