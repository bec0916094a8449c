// Wakes of a watched descriptor: each wait is for one event, so it is renewed after each.
#include "platform/fd_watch.h"

namespace cox::platform {

void FdWatch::set_readable(std::function<void()> work) {
  const bool waits = readable_ != nullptr;
  readable_ = std::make_shared<std::function<void()>>(std::move(work));
  if (!waits) waiter_->wait_readable(shared_from_this());
}

void FdWatch::set_writable(std::function<void()> work) {
  const bool waits = writable_ != nullptr;
  writable_ = std::make_shared<std::function<void()>>(std::move(work));
  if (!waits) waiter_->wait_writable(shared_from_this());
}

void FdWatch::on_readable() {
  if (const auto work = readable_) (*work)();
  if (readable_) waiter_->wait_readable(shared_from_this());
}

void FdWatch::on_writable() {
  if (const auto work = writable_) (*work)();
  if (writable_) waiter_->wait_writable(shared_from_this());
}

void FdWatch::end() {
  readable_ = writable_ = nullptr;
  waiter_->release();
}

}  // namespace cox::platform
