// Links between supervisors.
#include "noded/stepd/star.h"

#include <algorithm>

#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr Duration join_time = minutes(1);
constexpr Duration connect_time = seconds(20);
constexpr std::size_t waiting_messages_max = 4096;

}  // namespace

Star::Star(platform::Loop& loop, const StepPlan& plan, Events events)
    : loop_(loop), plan_(plan), events_(std::move(events)) {}

Star::~Star() {
  *alive_ = false;
  loop_.cancel(join_timer_);
  for (auto& [node, link] : links_) {
    link->close(true);
  }
}

void Star::expect_leaves() {
  if (plan_.nodes.size() < 2) {
    return;
  }
  join_timer_ = loop_.after(join_time, [this] {
    for (std::uint32_t node = 1; node < plan_.nodes.size(); ++node) {
      if (!links_.contains(node)) {
        lose(node, "did not connect within a minute");
      }
    }
  });
}

void Star::connect(const std::string& endpoint) {
  const auto address = platform::parse_address(endpoint);
  if (!address) {
    loop_.post([this, alive = alive_, why = address.error().message] {
      if (*alive) {
        lose(0, why);
      }
    });
    return;
  }
  link::Trust trust;
  trust.key = plan_.access_key;
  link::connect(loop_, *address, trust, wire::PEER_STEP, plan_.node_name, connect_time,
                [this, alive = alive_](Result<std::shared_ptr<link::Link>> opened) {
                  if (!*alive) {
                    return;
                  }
                  if (!opened) {
                    lose(0, opened.error().message);
                    return;
                  }
                  wire::StepMessage join;
                  join.mutable_join()->set_node_index(plan_.node_index);
                  (*opened)->send(join.SerializeAsString());
                  (*opened)->on_frames([this](std::vector<std::string> frames) {
                    for (const std::string& frame : frames) {
                      take(0, frame);
                    }
                  });
                  (*opened)->on_closed([this](const Error&) { lose(0, "its connection ended"); });
                  adopt(0, std::move(*opened));
                });
}

bool Star::join(std::uint32_t node, std::shared_ptr<link::Link> link) {
  if (node == 0 || node >= plan_.nodes.size() || links_.contains(node) || lost_.contains(node)) {
    return false;
  }
  adopt(node, std::move(link));
  return true;
}

void Star::take(std::uint32_t node, const std::string& frame) {
  if (lost_.contains(node)) {
    return;
  }
  wire::StepMessage message;
  if (!message.ParseFromString(frame)) {
    lose(node, "sent a message that cannot be read");
    return;
  }
  events_.message(node, message);
}

void Star::adopt(std::uint32_t node, std::shared_ptr<link::Link> link) {
  for (const std::string& text : waiting_[node]) {
    link->send(text);
  }
  waiting_.erase(node);
  if (paused_) {
    link->stream().pause_reading(true);
  }
  links_[node] = std::move(link);
}

// The link itself goes in a later turn: we may be within one of its calls.
void Star::lose(std::uint32_t node, const std::string& why) {
  if (!lost_.insert(node).second) {
    return;
  }
  if (const auto link = links_.find(node); link != links_.end()) {
    link->second->close();
    loop_.post([keep = link->second] {});
    links_.erase(link);
  }
  waiting_.erase(node);
  events_.lost(node, why);
}

void Star::send(std::uint32_t node, const wire::StepMessage& message) {
  if (lost_.contains(node)) {
    return;
  }
  if (const auto link = links_.find(node); link != links_.end()) {
    link->second->send(message.SerializeAsString());
    return;
  }
  auto& queue = waiting_[node];
  if (queue.size() < waiting_messages_max) {
    queue.push_back(message.SerializeAsString());
  } else {
    lose(node, "too many messages wait for it");
  }
}

void Star::send_all(const wire::StepMessage& message, std::uint32_t except) {
  if (!plan_.is_root()) {
    send(0, message);
    return;
  }
  for (std::uint32_t node = 1; node < plan_.nodes.size(); ++node) {
    if (node != except) {
      send(node, message);
    }
  }
}

std::size_t Star::queued_bytes() const {
  std::size_t most = 0;
  for (const auto& [node, link] : links_) {
    most = std::max(most, link->stream().queued_bytes());
  }
  for (const auto& [node, texts] : waiting_) {
    std::size_t sum = 0;
    for (const std::string& text : texts) {
      sum += text.size();
    }
    most = std::max(most, sum);
  }
  return most;
}

void Star::pause_reading(bool paused) {
  if (paused == paused_) {
    return;
  }
  paused_ = paused;
  for (auto& [node, link] : links_) {
    link->stream().pause_reading(paused);
  }
}

}  // namespace cox::stepd
