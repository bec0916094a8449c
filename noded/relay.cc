// Back-pressure: while one side takes less than the other sends, the other is not read.
#include "noded/relay.h"

#include <utility>

#include "wire/client.pb.h"

namespace cox::noded {
namespace {

constexpr Duration relay_time_out = seconds(5);
constexpr Duration look_again = milliseconds(10);
constexpr std::size_t queue_bytes_max = 1U << 20;

std::string vouched_bytes(const wire::Peer& peer) {
  wire::Vouched vouched;
  vouched.set_uid(peer.uid);
  vouched.set_gid(peer.gid);
  return vouched.SerializeAsString();
}

}  // namespace

std::string refusal_bytes(const Error& error) {
  wire::ClientReply reply;
  reply.set_last(true);
  reply.mutable_error()->set_code(static_cast<std::uint32_t>(error.code));
  reply.mutable_error()->set_message(error.message);
  return reply.SerializeAsString();
}

void refuse_client(link::Link& client, const Error& error) {
  client.send(refusal_bytes(error));
  client.close(true);
}

void Relay::start(std::function<void()> ended) {
  ended_ = std::move(ended);
  client_->on_closed([this](const Error&) { end(); });
  client_->on_frames([this](std::vector<std::string> frames) { from_client(std::move(frames)); });
  link::connect(loop_, place_.controller, place_.trust, wire::PEER_FORWARD, place_.node,
                relay_time_out,
                [self = shared_from_this()](Result<std::shared_ptr<link::Link>> link) {
                  self->connected(std::move(link));
                });
}

void Relay::connected(Result<std::shared_ptr<link::Link>> link) {
  if (is_over_) {
    if (link) (*link)->close();
    return;
  }
  if (!link) {
    refuse_client(*client_, {Code::unreachable,
                             "node " + place_.node + ": no controller: " + link.error().message});
    return end();
  }
  controller_ = std::move(*link);
  controller_->on_closed([this](const Error&) { end(); });
  controller_->on_frames([this](const std::vector<std::string>& frames) {
    for (const std::string& frame : frames) client_->send(frame);
    keep_pace();
  });
  controller_->send(vouched_bytes(client_->peer()));
  from_client(std::exchange(held_, {}));
}

void Relay::from_client(std::vector<std::string> frames) {
  if (!controller_) {
    held_.insert(held_.end(), std::make_move_iterator(frames.begin()),
                 std::make_move_iterator(frames.end()));
  } else {
    for (const std::string& frame : frames) controller_->send(frame);
  }
  keep_pace();
}

void Relay::keep_pace() {
  if (is_over_) return;
  const bool waits =
      !controller_ ? !held_.empty() : controller_->stream().queued_bytes() > queue_bytes_max;
  const bool client_is_slow = client_->stream().queued_bytes() > queue_bytes_max;
  client_->stream().pause_reading(waits);
  if (!controller_) return;
  controller_->stream().pause_reading(client_is_slow);
  if (!(waits || client_is_slow) || std::exchange(is_looking_again_, true)) return;
  loop_.after(look_again, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->is_looking_again_ = false;
    self->keep_pace();
  });
}

/// What either side was sent still leaves; the links go when their own calls are over.
void Relay::end() {
  if (std::exchange(is_over_, true)) return;
  client_->close(true);
  if (controller_) controller_->close(true);
  loop_.post([self = shared_from_this()] { self->ended_(); });
}

}  // namespace cox::noded
