// One timer: the last wait takes the place of the first.
#include "noded/stepd/attach_wait.h"

#include <utility>

namespace cox::stepd {
namespace {

constexpr Duration attach_time = minutes(1);

}  // namespace

void AttachWait::begin(std::function<void()> late) {
  end();
  timer_ = loop_.after(attach_time, std::move(late));
}

void AttachWait::begin_last(std::function<void()> late) {
  if (std::exchange(is_last_, true)) return;
  begin(std::move(late));
}

}  // namespace cox::stepd
