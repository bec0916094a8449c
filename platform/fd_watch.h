// A descriptor that somebody else owns, watched by the loop.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "platform/loop_core.h"

namespace cox::platform {

/// Woken as long as it is ready. The work is held by pointer: it may replace itself while it runs.
class FdWatch : public Pollable, public std::enable_shared_from_this<FdWatch> {
 public:
  explicit FdWatch(std::unique_ptr<Waiter> waiter) : waiter_(std::move(waiter)) {}

  void set_readable(std::function<void()> work);
  void set_writable(std::function<void()> work);
  void on_readable() override;
  void on_writable() override;
  /// The descriptor stays open.
  void end();

 private:
  std::unique_ptr<Waiter> waiter_;
  std::shared_ptr<std::function<void()>> readable_;
  std::shared_ptr<std::function<void()>> writable_;
};

}  // namespace cox::platform
