// The supervisors of a step, arranged below that of its first node: links and timers of a Branch.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "link/link.h"
#include "noded/stepd/branch.h"
#include "noded/stepd/look_again.h"
#include "noded/stepd/plan.h"
#include "platform/loop.h"

namespace cox::wire {
class StepJoin;
class StepMessage;
}  // namespace cox::wire

namespace cox::stepd {

/// Messages may be sent before the connection stands; they leave in order once it does.
class Tree {
 public:
  struct Events {
    std::function<void(std::uint32_t node, const wire::StepMessage&)> message;
    /// No way leads to a node any more, or none ever did. At most once per node.
    std::function<void(std::uint32_t node, const std::string& why)> lost;
    std::function<void()> childless;  // the last child has gone
  };

  Tree(platform::Loop& loop, const StepPlan& plan, Events events);
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  /// Root: from now on every other node has a minute to come.
  void expect();
  /// Others: connects. Endpoints of all nodes, in order; those it has no need of may be empty.
  void connect(std::vector<std::string> endpoints);

  /// A supervisor has introduced itself on this link, whose frames and end the caller goes on to
  /// pass to child_said() and child_closed(). False for one that is not to be here.
  bool join(const wire::StepJoin& join, std::shared_ptr<link::Link> link);
  void child_said(std::uint32_t node, const std::string& frame);
  void child_closed(std::uint32_t node);

  /// Given up.
  void lose(std::uint32_t node, const std::string& why);

  /// The step ended before its Go: who has not come will not, and nothing waits for it.
  void abandon() { branch_.abandon(); }

  /// Root: to a node. Others: to the root.
  void send(std::uint32_t node, const wire::StepMessage& message);
  /// Root: to every other node but one, which may hear it all the same. Others: to the root.
  void send_all(const wire::StepMessage& message, std::uint32_t except);

  /// Of what is on its way to the root.
  std::size_t bytes_up() const;
  /// The same, or to the slowest child.
  std::size_t queued_bytes() const;

  bool has_children() const { return branch_.has_children(); }

  /// Other supervisors may come here.
  bool takes_children() const { return plan_.is_root() || shape_.has_children(plan_.node_index); }

  void pause_reading(bool paused);

 private:
  Branch::Out out();
  void connect_to(std::uint32_t node);
  void parent_opened(Result<std::shared_ptr<link::Link>> opened);
  void drop_parent();
  void drop_child(std::uint32_t node);
  void keep_until_later(std::shared_ptr<link::Link> link);
  void adjust_reading();
  void arm();

  platform::Loop& loop_;
  const StepPlan& plan_;
  StepTree shape_;
  Events events_;
  Branch branch_;
  std::vector<std::string> endpoints_;
  std::shared_ptr<link::Link> parent_;
  std::uint64_t way_ = 0;  // which attempt to reach a parent is the current one
  std::map<std::uint32_t, std::shared_ptr<link::Link>> children_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  platform::TimerId timer_ = 0, look_timer_ = 0;
  LookAgain looks_;
  std::optional<Duration> armed_;
  bool is_told_to_pause_ = false;
  bool is_congested_ = false;
  bool is_paused_ = false;
};

}  // namespace cox::stepd
