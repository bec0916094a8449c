// The tree seen from a node that is not the root, and what both have in common. The root's own
// side is branch_root.cc.
#include "noded/stepd/branch.h"

#include <algorithm>
#include <utility>

#include "noded/stepd/branch_terms.h"
#include "wire/step.pb.h"

namespace cox::stepd {

Branch::Branch(StepTree tree, std::uint32_t self, Out out)
    : tree_(tree), self_(self), out_(std::move(out)), expected_(tree.children(self)) {
  if (is_root()) {
    taken_.resize(tree.nodes());
    return;
  }
  parent_ = tree.parent(self);
  numbers_ = parent_ != 0;
}

void Branch::begin() {
  if (is_root()) {
    for (std::uint32_t node = 1; node < tree_.nodes(); ++node) {
      if (!children_.contains(node) && !gone_.contains(node) && taken_[node].number == 0) {
        awaited_.try_emplace(node, Awaited{out_.now() + join_patience, never_came});
      }
    }
    if (!awaited_.empty()) wake_at(out_.now() + join_patience);
    return;
  }
  if (is_root_lost_) {
    return;
  }
  if (numbers_) {
    wire::StepMessage here;
    here.mutable_join()->set_node_index(self_);
    say_up(std::move(here));
  }
  out_.connect(parent_);
}

void Branch::parent_opened(std::uint32_t protocol) {
  if (protocol < tree_protocol && parent_ != 0) {
    reach_root();
    return;
  }
  is_up_ = true;
  is_plain_ = protocol < tree_protocol;
  wire::StepMessage join;
  join.mutable_join()->set_node_index(self_);
  join.mutable_join()->set_heard(root_heard_);
  join.mutable_join()->set_fan_out(tree_.width());
  out_.to_parent(join.SerializeAsString());
  for (const std::string& bytes : unheard_) {
    out_.to_parent(bytes);
  }
  for (const std::string& bytes : std::exchange(up_waiting_, {})) {
    out_.to_parent(bytes);
  }
  up_waiting_bytes_ = 0;
  if (is_plain_) {
    // It takes what a link brings for that node's own: whoever is below must go there himself.
    drop_children();
    heard_up_to(last_number_);
    return;
  }
  if (std::exchange(was_up_, true)) {
    wire::StepMessage again;
    again.mutable_replay();
    pass_down(0, again.SerializeAsString(), false);
  }
}

void Branch::parent_lost(const std::string& why) {
  is_up_ = false;
  if (is_root_lost_) {
    return;
  }
  if (parent_ == 0) {
    lose_root(why);
    return;
  }
  reach_root();
}

// What children said and the parent did not pass on they will say again.
void Branch::reach_root() {
  parent_ = 0;
  is_up_ = false;
  was_up_ = true;
  patience_.reset();
  up_waiting_.clear();
  up_waiting_bytes_ = 0;
  out_.connect(0);
}

void Branch::lose_root(const std::string& why) {
  if (std::exchange(is_root_lost_, true)) {
    return;
  }
  is_up_ = false;
  patience_.reset();
  unheard_.clear();
  up_waiting_.clear();
  unheard_bytes_ = up_waiting_bytes_ = 0;
  drop_children();
  out_.lost(0, why);
}

void Branch::drop_children() {
  for (const std::uint32_t child : std::exchange(children_, {})) {
    gone_.insert(child);
    out_.drop(child);
  }
  waiting_.clear();
}

void Branch::parent_said(std::string_view frame) {
  wire::StepMessage message;
  if (!message.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
    lose_root("sent a message that cannot be read");
    return;
  }
  if (message.number() != 0) {
    if (message.number() <= root_heard_) {
      return;
    }
    root_heard_ = message.number();
  }
  if (message.target() != self_ && !(is_plain_ || expected_.empty())) {
    const bool may_wait = !message.has_heard() && !message.has_replay();
    pass_down(message.target(), frame, may_wait);
  }
  if (message.target() != self_ && message.target() != 0) {
    return;
  }
  if (message.has_heard()) {
    heard_up_to(message.heard().number());
  } else if (message.has_replay()) {
    replay();
  } else {
    out_.message(0, message);
  }
}

void Branch::heard_up_to(std::uint64_t number) {
  while (!unheard_.empty() && last_number_ - unheard_.size() < number) {
    unheard_bytes_ -= unheard_.front().size();
    unheard_.pop_front();
  }
  if (number >= must_arrive_) {
    patience_.reset();
  }
}

void Branch::replay() {
  for (const std::string& bytes : unheard_) {
    out_.to_parent(bytes);
  }
}

void Branch::say_up(wire::StepMessage message) {
  if (is_root_lost_) {
    return;
  }
  if (!numbers()) {
    queue_up(message.SerializeAsString());
    return;
  }
  message.set_origin(self_);
  message.set_number(++last_number_);
  unheard_.push_back(message.SerializeAsString());
  unheard_bytes_ += unheard_.back().size();
  if (is_up_) {
    out_.to_parent(unheard_.back());
  }
  if (parent_ != 0 && (message.has_join() || message.has_leaf_result())) {
    must_arrive_ = last_number_;
    patience_ = out_.now() + way_patience;
    wake_at(*patience_);
  }
}

void Branch::queue_up(std::string_view bytes) {
  if (is_up_) {
    out_.to_parent(bytes);
  } else if (up_waiting_.size() < waiting_messages_max) {
    up_waiting_.emplace_back(bytes);
    up_waiting_bytes_ += bytes.size();
  } else {
    lose_root("too many messages wait for it");
  }
}

bool Branch::join(const wire::StepJoin& join) {
  const std::uint32_t child = join.node_index();
  if (child == 0 || child >= tree_.nodes() || children_.contains(child) || gone_.contains(child)) {
    return false;
  }
  if (!is_root() && (tree_.parent(child) != self_ || is_root_lost_ || is_plain_)) {
    return false;
  }
  // The configuration was changed between the starts of the two: each sees another tree.
  if (join.fan_out() != 0 && tree_.width() != 0 && join.fan_out() != tree_.width()) {
    if (is_root()) node_lost(child, "was started with another scheduling.fan_out");
    return false;
  }
  children_.insert(child);
  if (is_root() && tree_.parent(child) != 0) {
    return bring_up_to_date(child, join.heard());
  }
  for (const std::string& bytes : waiting_[child]) {
    out_.to_child(child, bytes);
  }
  waiting_.erase(child);
  awaited_.erase(child);
  return true;
}

void Branch::child_lost(std::uint32_t child, const std::string& why) {
  if (is_root()) {
    lose(child, why);
    return;
  }
  if (children_.erase(child) == 0) {
    return;
  }
  gone_.insert(child);
  waiting_.erase(child);
  wire::StepMessage message;
  message.mutable_gone()->set_node_index(child);
  message.mutable_gone()->set_why(why);
  say_up(std::move(message));
}

void Branch::child_said(std::uint32_t child, std::string_view frame) {
  if (!children_.contains(child)) {
    return;
  }
  if (!is_root()) {
    queue_up(frame);
    return;
  }
  wire::StepMessage message;
  const bool is_read = message.ParseFromArray(frame.data(), static_cast<int>(frame.size()));
  if (!is_read || !take_up(child, message)) {
    lose(child, "sent a message that cannot be read");
  }
}

/// The child by which a node is reached: itself, or what it stands below. 0: none.
std::uint32_t Branch::hop_towards(std::uint32_t target) const {
  std::uint32_t hop = target;
  while (hop != 0 && !children_.contains(hop) && tree_.parent(hop) != self_) {
    hop = tree_.parent(hop);
  }
  return hop;
}

void Branch::pass_down(std::uint32_t target, std::string_view bytes, bool may_wait) {
  if (target != 0) {
    const std::uint32_t hop = target < tree_.nodes() ? hop_towards(target) : 0;
    if (hop != 0) {
      to_child(hop, bytes, may_wait);
    }
    return;
  }
  for (const std::uint32_t child : expected_) {
    to_child(child, bytes, may_wait);
  }
  for (const std::uint32_t child : children_) {
    if (tree_.parent(child) != self_) {
      out_.to_child(child, bytes);
    }
  }
}

void Branch::to_child(std::uint32_t child, std::string_view bytes, bool may_wait) {
  if (children_.contains(child)) {
    out_.to_child(child, bytes);
    return;
  }
  if (gone_.contains(child) || !may_wait) {
    return;
  }
  auto& queue = waiting_[child];
  if (queue.size() < waiting_messages_max) {
    queue.emplace_back(bytes);
  } else if (is_root()) {
    lose(child, "too many messages wait for it");
  } else {
    gone_.insert(child);  // it finds the root
    waiting_.erase(child);
  }
}

void Branch::lose(std::uint32_t node, const std::string& why) {
  if (!is_root()) {
    lose_root(why);
    return;
  }
  node_lost(node, why);
}

void Branch::abandon() {
  waiting_.clear();
  up_waiting_.clear();
  up_waiting_bytes_ = 0;
  if (!is_root()) {
    is_root_lost_ = true;  // nothing will ever be passed on here
    drop_children();
  }
}

std::size_t Branch::waiting_bytes() const {
  std::size_t most = 0;
  for (const auto& [child, texts] : waiting_) {
    std::size_t sum = 0;
    for (const std::string& text : texts) {
      sum += text.size();
    }
    most = std::max(most, sum);
  }
  return most;
}

void Branch::wake_at(Duration deadline) {
  deadline_ = std::min(deadline_.value_or(deadline), deadline);
}

void Branch::time_passed() {
  const Duration now = out_.now();
  deadline_.reset();
  if (patience_ && now >= *patience_) {
    reach_root();
  }
  if (patience_) wake_at(*patience_);
  std::vector<std::pair<std::uint32_t, std::string>> late;
  for (const auto& [node, awaited] : awaited_) {
    if (now >= awaited.until) {
      late.emplace_back(node, awaited.why);
    } else {
      wake_at(awaited.until);
    }
  }
  for (const auto& [node, why] : late) {
    if (awaited_.contains(node)) {
      node_lost(node, why);
    }
  }
}

}  // namespace cox::stepd
