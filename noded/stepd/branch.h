// One supervisor's part of the tree of its step: what it passes on in both directions, what it
// keeps until the other end is known to have it, and what it does when a neighbour is gone. Pure:
// links, timers and the clock are the owner's (tree.h).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/step_tree.h"
#include "model/time.h"

namespace cox::wire {
class StepJoin;
class StepMessage;
}  // namespace cox::wire

namespace cox::stepd {

/// Every node first speaks to its parent. When that does not work (any more), a node whose parent
/// is not the root goes to the root itself, once, with all that stands below it; nothing that was
/// said is lost by that, and nothing comes twice. A node that has no way to the root is lost.
class Branch {
 public:
  struct Out {
    std::function<void(std::string_view)> to_parent;
    std::function<void(std::uint32_t child, std::string_view)> to_child;
    /// Open the connection to a node's endpoint; answered by parent_opened or parent_lost.
    std::function<void(std::uint32_t node)> connect;
    /// Close the link to a child; no child_lost follows.
    std::function<void(std::uint32_t child)> drop;
    /// For the supervisor itself, from a node (of the root: 0).
    std::function<void(std::uint32_t node, const wire::StepMessage&)> message;
    /// No way leads to the node any more, or none ever did. At most once per node.
    std::function<void(std::uint32_t node, const std::string& why)> lost;
    std::function<Duration()> now;  // monotonic
  };

  Branch(StepTree tree, std::uint32_t self, Out out);

  /// Root: from now on every node has a minute to come. Others: connects to the parent.
  void begin();

  void parent_opened(std::uint32_t protocol);
  void parent_lost(const std::string& why);
  void parent_said(std::string_view frame);

  /// A supervisor has introduced itself on a link. False: it is not to be here, its link is the
  /// caller's to close.
  bool join(const wire::StepJoin& join);
  void child_lost(std::uint32_t child, const std::string& why);
  void child_said(std::uint32_t child, std::string_view frame);

  /// To the root. Not for the root.
  void say_up(wire::StepMessage message);
  /// From the root to one node, or to all (0) but `except`, which may hear it all the same.
  void say_down(std::uint32_t target, wire::StepMessage message, std::uint32_t except);

  /// Given up from outside.
  void lose(std::uint32_t node, const std::string& why);
  /// Who has not come will not, and nothing waits for it.
  void abandon();

  /// What must be done at `next_deadline`.
  void time_passed();

  std::optional<Duration> next_deadline() const { return deadline_; }

  bool is_root() const { return self_ == 0; }

  bool has_parent() const { return is_up_; }

  bool has_child(std::uint32_t node) const { return children_.contains(node); }

  bool has_children() const { return !children_.empty(); }

  /// Of what the root is not known to have.
  std::size_t unheard_bytes() const { return unheard_bytes_ + up_waiting_bytes_; }

  /// Of what waits for a child that has not come, the most.
  std::size_t waiting_bytes() const;

 private:
  struct Awaited {
    Duration until;
    std::string why;
    bool is_told = false;  // by the node above, which will not say it again
  };

  struct Said {
    std::uint64_t number;
    std::uint32_t target;
    std::string bytes;
  };

  bool numbers() const { return numbers_ && !is_plain_; }

  void queue_up(std::string_view bytes);
  void reach_root();
  void lose_root(const std::string& why);
  void drop_children();
  void heard_up_to(std::uint64_t number);
  void replay();
  void pass_down(std::uint32_t target, std::string_view bytes, bool may_wait);
  void to_child(std::uint32_t child, std::string_view bytes, bool may_wait);
  std::uint32_t hop_towards(std::uint32_t target) const;

  bool take_up(std::uint32_t child, const wire::StepMessage& message);
  bool take_number(std::uint32_t origin, const wire::StepMessage& message, std::size_t bytes);
  void acknowledge(std::uint32_t node);
  void keep_said(std::uint32_t target, const std::string& bytes);
  bool bring_up_to_date(std::uint32_t node, std::uint64_t heard);
  void wake_at(Duration deadline);
  void await(std::uint32_t node, Duration patience, const std::string& why);
  bool has_own_way(std::uint32_t node) const;
  std::uint32_t await_below(std::uint32_t node);
  void node_lost(std::uint32_t node, const std::string& why);

  StepTree tree_;
  std::uint32_t self_;
  Out out_;
  const std::vector<std::uint32_t> expected_;  // children by the shape

  std::optional<Duration> deadline_;                           // the earliest, or earlier
  std::set<std::uint32_t> children_;                           // whose link stands
  std::map<std::uint32_t, std::vector<std::string>> waiting_;  // for children to come
  std::set<std::uint32_t> gone_;  // root: lost nodes; else: children that came and went

  // Not of the root.
  std::uint32_t parent_ = 0;
  bool numbers_ = false;   // whether the way to the root may change
  bool is_up_ = false;     // the parent's link stands
  bool was_up_ = false;    // it did before
  bool is_plain_ = false;  // the root knows no tree: it is spoken to as in a star
  bool is_root_lost_ = false;
  std::deque<std::string> unheard_;
  std::uint64_t last_number_ = 0;
  std::size_t unheard_bytes_ = 0;
  std::vector<std::string> up_waiting_;  // until the link stands
  std::size_t up_waiting_bytes_ = 0;
  std::uint64_t root_heard_ = 0;  // number of its last message that came
  std::uint64_t must_arrive_ = 0;
  std::optional<Duration> patience_;  // until when must_arrive_ is to be heard

  // Of the root.
  std::map<std::uint32_t, Awaited> awaited_;

  struct Taken {
    std::uint64_t number = 0;
    std::uint32_t messages = 0;  // not acknowledged yet
    std::size_t bytes = 0;
    bool is_done = false;  // its result came
  };

  std::vector<Taken> taken_;
  std::deque<Said> said_;
  std::size_t said_bytes_ = 0;
  std::uint64_t last_said_ = 0;
  std::uint64_t forgotten_said_ = 0;  // up to this number nothing is kept
};

}  // namespace cox::stepd
