// Links between supervisors.
#include "noded/stepd/tree.h"

#include <algorithm>
#include <utility>

#include "noded/stepd/branch_terms.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr Duration connect_time = seconds(20);
// What others say is passed on as fast as it is taken; beyond this much they wait.
constexpr std::size_t up_high_bytes = std::size_t{1} << 20;
constexpr std::size_t up_low_bytes = std::size_t{256} << 10;

}  // namespace

Tree::Tree(platform::Loop& loop, const StepPlan& plan, Events events)
    : loop_(loop),
      plan_(plan),
      shape_(static_cast<std::uint32_t>(plan.nodes.size()), plan.fan_out),
      events_(std::move(events)),
      branch_(shape_, plan.node_index, out()) {}

Tree::~Tree() {
  *alive_ = false;
  loop_.cancel(timer_);
  loop_.cancel(look_timer_);
  for (auto& [node, link] : children_) {
    link->close(true);
  }
  if (parent_ != nullptr) {
    parent_->close(true);
  }
}

Branch::Out Tree::out() {
  Branch::Out out;
  out.to_parent = [this](std::string_view bytes) {
    if (parent_ != nullptr) parent_->send(bytes);
  };
  out.to_child = [this](std::uint32_t child, std::string_view bytes) {
    if (const auto link = children_.find(child); link != children_.end()) link->second->send(bytes);
  };
  out.connect = [this](std::uint32_t node) { connect_to(node); };
  out.drop = [this](std::uint32_t child) { drop_child(child); };
  out.message = [this](std::uint32_t node, const wire::StepMessage& message) {
    events_.message(node, message);
  };
  out.lost = [this](std::uint32_t node, const std::string& why) {
    if (node == 0) drop_parent();
    events_.lost(node, why);
  };
  out.now = [this] { return loop_.monotonic(); };
  return out;
}

void Tree::expect() {
  branch_.begin();
  arm();
}

void Tree::connect(std::vector<std::string> endpoints) {
  endpoints_ = std::move(endpoints);
  branch_.begin();
  adjust_reading();
  arm();
}

void Tree::connect_to(std::uint32_t node) {
  drop_parent();
  const std::uint64_t way = ++way_;
  const auto opened = [this, way, alive = alive_](Result<std::shared_ptr<link::Link>> link) {
    if (*alive && way == way_) {
      parent_opened(std::move(link));
    } else if (link) {
      (*link)->close();
    }
  };
  const std::string endpoint = node < endpoints_.size() ? endpoints_[node] : std::string();
  const auto address = platform::parse_address(endpoint);
  if (!address) {
    loop_.post([opened, error = address.error()] { opened(Failure(error)); });
    return;
  }
  link::Trust trust;
  trust.key = plan_.access_key;
  // One that does not answer costs the others no more than one that is gone for a while.
  link::connect(loop_, *address, trust, wire::PEER_STEP, plan_.node_name,
                node == 0 ? connect_time : way_patience, opened);
}

void Tree::parent_opened(Result<std::shared_ptr<link::Link>> opened) {
  if (!opened) {
    branch_.parent_lost(opened.error().message);
    arm();
    return;
  }
  parent_ = std::move(*opened);
  parent_->on_frames([this, way = way_](std::vector<std::string> frames) {
    for (const std::string& frame : frames) {
      if (way == way_) branch_.parent_said(frame);
    }
    arm();
  });
  parent_->on_closed([this, way = way_](const Error&) {
    if (way != way_) return;
    drop_parent();
    branch_.parent_lost("its connection ended");
    adjust_reading();
    arm();
  });
  branch_.parent_opened(parent_->peer().protocol);
  adjust_reading();
  arm();
}

void Tree::drop_parent() {
  if (parent_ == nullptr) {
    return;
  }
  way_ += 1;
  parent_->close();
  keep_until_later(std::exchange(parent_, nullptr));
}

// We may be within one of its calls.
void Tree::keep_until_later(std::shared_ptr<link::Link> link) {
  loop_.post([link] {});
}

void Tree::drop_child(std::uint32_t node) {
  const auto link = children_.find(node);
  if (link == children_.end()) {
    return;
  }
  link->second->close(true);
  keep_until_later(link->second);
  children_.erase(link);
}

bool Tree::join(const wire::StepJoin& join, std::shared_ptr<link::Link> link) {
  const std::uint32_t node = join.node_index();
  if (children_.contains(node)) {
    return false;
  }
  children_[node] = link;
  if (!branch_.join(join)) {
    children_.erase(node);
    arm();
    return false;
  }
  if (is_paused_) {
    link->stream().pause_reading(true);
  }
  adjust_reading();
  arm();
  return true;
}

void Tree::child_said(std::uint32_t node, const std::string& frame) {
  branch_.child_said(node, frame);
  if (!plan_.is_root()) {
    adjust_reading();
  }
  arm();
}

void Tree::child_closed(std::uint32_t node) {
  children_.erase(node);
  branch_.child_lost(node, "connection closed");
  arm();
  if (!branch_.has_children()) {
    events_.childless();
  }
}

void Tree::lose(std::uint32_t node, const std::string& why) {
  branch_.lose(node, why);
  arm();
}

void Tree::send(std::uint32_t node, const wire::StepMessage& message) {
  if (plan_.is_root()) {
    branch_.say_down(node, message, 0);
  } else {
    branch_.say_up(message);
  }
  arm();
}

void Tree::send_all(const wire::StepMessage& message, std::uint32_t except) {
  if (plan_.is_root()) {
    branch_.say_down(0, message, except);
  } else {
    branch_.say_up(message);
  }
  arm();
}

std::size_t Tree::bytes_up() const {
  const std::size_t queued = parent_ == nullptr ? 0 : parent_->stream().queued_bytes();
  return std::max(queued, branch_.unheard_bytes());
}

std::size_t Tree::queued_bytes() const {
  std::size_t most = std::max(bytes_up(), branch_.waiting_bytes());
  for (const auto& [node, link] : children_) {
    most = std::max(most, link->stream().queued_bytes());
  }
  return most;
}

void Tree::pause_reading(bool paused) {
  is_told_to_pause_ = paused;
  adjust_reading();
}

/// What children say waits with them while it cannot go on.
void Tree::adjust_reading() {
  if (!plan_.is_root()) {
    const std::size_t queued = parent_ == nullptr ? 0 : parent_->stream().queued_bytes();
    is_congested_ = parent_ == nullptr || queued > (is_congested_ ? up_low_bytes : up_high_bytes);
    if (!is_congested_ || parent_ == nullptr || children_.empty()) {
      loop_.cancel(std::exchange(look_timer_, 0));
      looks_ = {};
    } else if (look_timer_ == 0) {
      look_timer_ = loop_.after(looks_.next(queued), [this] {
        look_timer_ = 0;
        adjust_reading();
      });
    }
  }
  const bool is_paused = is_told_to_pause_ || is_congested_;
  if (is_paused == is_paused_) {
    return;
  }
  is_paused_ = is_paused;
  for (auto& [node, link] : children_) {
    link->stream().pause_reading(is_paused);
  }
}

void Tree::arm() {
  const auto deadline = branch_.next_deadline();
  if (deadline == armed_) {
    return;
  }
  armed_ = deadline;
  loop_.cancel(timer_);
  if (!deadline) {
    timer_ = 0;
    return;
  }
  const auto left = std::max<std::int64_t>(0, deadline->us - loop_.monotonic().us);
  timer_ = loop_.after(microseconds(left), [this] {
    armed_.reset();
    branch_.time_passed();
    adjust_reading();
    arm();
  });
}

}  // namespace cox::stepd
