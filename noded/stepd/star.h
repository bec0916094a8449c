// The supervisors of a step, arranged around that of its first node.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "link/link.h"
#include "noded/stepd/plan.h"
#include "platform/loop.h"

namespace cox::wire {
class StepMessage;
}

namespace cox::stepd {

/// Messages may be sent before the connection stands; they leave in order once it does.
class Star {
 public:
  struct Events {
    std::function<void(std::uint32_t node, const wire::StepMessage&)> message;
    /// The connection to a node is gone, or it never came. At most once per node.
    std::function<void(std::uint32_t node, const std::string& why)> lost;
  };

  Star(platform::Loop& loop, const StepPlan& plan, Events events);
  ~Star();
  Star(const Star&) = delete;
  Star& operator=(const Star&) = delete;

  /// Root: from now on every leaf has a minute to come.
  void expect_leaves();
  /// Leaf: connects to the root.
  void connect(const std::string& endpoint);
  /// Root: a leaf has introduced itself on this link, whose frames and end the caller goes on to
  /// pass to take() and lose(). False for a node that is connected already or is none of the
  /// step's.
  bool join(std::uint32_t node, std::shared_ptr<link::Link> link);
  void take(std::uint32_t node, const std::string& frame);
  void lose(std::uint32_t node, const std::string& why);

  /// The step ended before its Go: who has not come will not, and nothing waits for it.
  void abandon() { waiting_.clear(); }

  void send(std::uint32_t node, const wire::StepMessage& message);
  /// Root: to every leaf but one. Leaf: to the root.
  void send_all(const wire::StepMessage& message, std::uint32_t except);
  /// Bytes that wait to be sent, the longest queue.
  std::size_t queued_bytes() const;
  void pause_reading(bool paused);

 private:
  void adopt(std::uint32_t node, std::shared_ptr<link::Link> link);

  platform::Loop& loop_;
  const StepPlan& plan_;
  Events events_;
  std::map<std::uint32_t, std::shared_ptr<link::Link>> links_;
  std::map<std::uint32_t, std::vector<std::string>> waiting_;  // before the link stands
  std::set<std::uint32_t> lost_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  platform::TimerId join_timer_ = 0;
  bool paused_ = false;
};

}  // namespace cox::stepd
