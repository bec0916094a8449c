// Most steps may use all of their job's share: then nothing is said of it.
#include "ctld/store/step_share_codec.h"

#include <utility>

#include "wire/model_codec.h"

namespace cox::ctld {

void put_step_share(const core::StepShare& from, store::StepShare* to) {
  to->set_node(from.node.value);
  to->set_tasks(from.tasks);
  to->set_first_task(from.first_task);
  if (from.part != NodeShare{}) wire::put(from.part, to->mutable_part());
}

Result<core::StepShare> take_step_share(const store::StepShare& from) {
  core::StepShare to{NodeId(from.node()), from.tasks(), from.first_task(), {}};
  if (!from.has_part()) return to;
  auto part = wire::take(from.part());
  if (!part) return tl::unexpected(part.error());
  to.part = *std::move(part);
  return to;
}

}  // namespace cox::ctld
