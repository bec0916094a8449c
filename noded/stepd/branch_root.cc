// The tree seen from its root: who is there and by which way, and what has come from whom.
#include <utility>

#include "noded/stepd/branch.h"
#include "noded/stepd/branch_terms.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

/// What a node can wait to know that it was heard: there is more of it to come.
bool is_stream(const wire::StepMessage& message) {
  return (message.has_output() && !message.output().eof()) || message.has_input_taken() ||
         message.has_fence() || message.has_modex_ask() || message.has_modex_answer();
}

}  // namespace

/// False for what no supervisor says.
bool Branch::take_up(std::uint32_t child, const wire::StepMessage& message) {
  const std::uint32_t origin = message.origin() == 0 ? child : message.origin();
  if (origin >= tree_.nodes()) {
    return false;
  }
  if (gone_.contains(origin)) {
    return true;
  }
  if (message.number() != 0 && !take_number(origin, message, message.ByteSizeLong())) {
    return true;
  }
  if (message.has_gone()) {
    const std::uint32_t node = message.gone().node_index();
    if (node == 0 || node >= tree_.nodes()) {
      return false;
    }
    if (!children_.contains(node)) {
      await(node, return_patience, message.gone().why());
      if (const auto awaited = awaited_.find(node); awaited != awaited_.end()) {
        awaited->second.is_told = true;
      }
    }
  } else if (!message.has_join()) {
    out_.message(origin, message);
  }
  return true;
}

/// Whether the message is the next of its node. One that is not was lost on the way or came before:
/// after each change of the way everything that was not heard is said again, in order.
bool Branch::take_number(std::uint32_t origin,
                         const wire::StepMessage& message,
                         std::size_t bytes) {
  Taken& taken = taken_[origin];
  if (message.number() <= taken.number) {
    acknowledge(origin);
    return false;
  }
  if (message.number() != taken.number + 1) {
    return false;
  }
  taken.number = message.number();
  taken.messages += 1;
  taken.bytes += bytes;
  taken.is_done = taken.is_done || message.has_leaf_result();
  // One that is told to be gone comes by itself: this was still on the old way.
  if (const auto awaited = awaited_.find(origin);
      awaited != awaited_.end() && !awaited->second.is_told) {
    awaited_.erase(awaited);
  }
  if (!is_stream(message) || taken.is_done || taken.messages >= heard_messages ||
      taken.bytes >= heard_bytes) {
    acknowledge(origin);
  }
  return true;
}

void Branch::acknowledge(std::uint32_t node) {
  Taken& taken = taken_[node];
  taken.messages = 0;
  taken.bytes = 0;
  wire::StepMessage message;
  message.set_target(node);
  message.mutable_heard()->set_number(taken.number);
  pass_down(node, message.SerializeAsString(), false);
}

void Branch::say_down(std::uint32_t target, wire::StepMessage message, std::uint32_t except) {
  if (tree_.has_inner()) {
    message.set_target(target);
    message.set_number(++last_said_);
    const std::string bytes = message.SerializeAsString();
    keep_said(target, bytes);
    pass_down(target, bytes, true);
    return;
  }
  const std::string bytes = message.SerializeAsString();
  if (target != 0) {
    to_child(target, bytes, true);
    return;
  }
  for (const std::uint32_t child : expected_) {
    if (child != except) {
      to_child(child, bytes, true);
    }
  }
}

void Branch::keep_said(std::uint32_t target, const std::string& bytes) {
  said_.push_back({last_said_, target, bytes});
  said_bytes_ += bytes.size();
  while (said_bytes_ > said_bytes_max) {
    said_bytes_ -= said_.front().bytes.size();
    forgotten_said_ = said_.front().number;
    said_.pop_front();
  }
}

/// A node that stands below another has come to us. What it has not heard is said again; where that
/// is not kept any more, the node is of no use.
bool Branch::bring_up_to_date(std::uint32_t node, std::uint64_t heard) {
  if (heard < forgotten_said_) {
    children_.erase(node);
    node_lost(node, "came back too late");
    return false;
  }
  for (const Said& said : said_) {
    const bool is_meant =
        said.target == 0 || said.target == node || tree_.is_below(said.target, node);
    if (said.number > heard && is_meant) {
      out_.to_child(node, said.bytes);
    }
  }
  awaited_.erase(node);
  for (std::uint32_t each = node + 1; each < tree_.end(node);) {
    each = has_own_way(each) ? tree_.end(each) : await_below(each);
  }
  return true;
}

/// What stands above the node changes nothing for it and those below: it is here, is lost, or is to
/// come by itself.
bool Branch::has_own_way(std::uint32_t node) const {
  const auto awaited = awaited_.find(node);
  return gone_.contains(node) || children_.contains(node) ||
         (awaited != awaited_.end() && awaited->second.is_told);
}

/// The node above it is here again, and tells of it when it goes; but not of one that never came.
/// The next node.
std::uint32_t Branch::await_below(std::uint32_t node) {
  if (taken_[node].number != 0) {
    awaited_.erase(node);
  } else {
    awaited_.insert_or_assign(node, Awaited{out_.now() + join_patience, never_came});
    wake_at(out_.now() + join_patience);
  }
  return node + 1;
}

/// The node and all that stand below it must come by themselves, unless they did already, or one
/// above them.
void Branch::await(std::uint32_t node, Duration patience, const std::string& why) {
  for (std::uint32_t each = node; each < tree_.end(node);) {
    if (each != node && children_.contains(each)) {
      each = tree_.end(each);
      continue;
    }
    if (!gone_.contains(each)) {
      awaited_.try_emplace(each, Awaited{out_.now() + patience, why});
      wake_at(out_.now() + patience);
    }
    ++each;
  }
}

void Branch::node_lost(std::uint32_t node, const std::string& why) {
  if (node == 0 || !gone_.insert(node).second) {
    return;
  }
  if (children_.erase(node) != 0) {
    out_.drop(node);
  }
  waiting_.erase(node);
  awaited_.erase(node);
  await(node, return_patience, "did not come by itself when the one before it was lost");
  out_.lost(node, why);
}

}  // namespace cox::stepd
