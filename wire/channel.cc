// The life of a channel. docs/protocol.md is normative for every rule here and in the handshake.
#include "wire/channel.h"

#include <google/protobuf/stubs/logging.h>

#include <utility>

#include "common/assert.h"
#include "wire/handshake.h"

namespace cox::wire {

Result<void> Channel::Body::on_handshake(const std::string& payload) {
  switch (awaits) {
    case Step::hello:
      return on_hello(payload);
    case Step::reply:
      return on_reply(payload);
    case Step::proof:
      return on_proof(payload);
    case Step::welcome:
      return on_welcome(payload);
    case Step::open:
      break;
  }
  return {};
}

// Whatever a peer sends that is no message would be a line of the parser's in our log.
Channel::Channel(std::unique_ptr<Body> body) : body_(std::move(body)) {
  static const auto before = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(before);
}

Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;
Channel::~Channel() = default;

Channel Channel::connecting(ChannelOptions options) {
  ASSERT(options.nonce.size() == nonce_bytes);
  auto body = std::make_unique<Body>();
  body->options = std::move(options);
  body->say_hello();
  return Channel(std::move(body));
}

Channel Channel::accepting(ChannelOptions options) {
  ASSERT(options.nonce.size() == nonce_bytes);
  ASSERT(options.auth > AUTH_NONE && options.auth <= AuthKind_MAX);
  auto body = std::make_unique<Body>();
  body->options = std::move(options);
  body->accepts = true;
  body->awaits = Body::Step::hello;
  return Channel(std::move(body));
}

Channel Channel::trusted() {
  auto body = std::make_unique<Body>();
  body->peer.protocol = protocol_version;
  body->open();
  return Channel(std::move(body));
}

Result<void> Channel::receive(std::string_view bytes, std::vector<std::string>* frames) {
  auto& body = *body_;
  while (!body.broken) {
    std::string payload;
    const auto whole = body.reader.next(&bytes, &payload);
    if (!whole) {
      body.broken = whole.error();
      // The reason may be worth showing, though nothing vouches for it.
      if (body.awaits == Body::Step::welcome) {
        if (auto told = body.unproved_welcome(payload)) body.broken = *std::move(told);
      }
      break;
    }
    if (!*whole) return {};
    if (body.awaits == Body::Step::open) {
      frames->push_back(std::move(payload));
      continue;
    }
    if (auto good = body.on_handshake(payload); !good) body.broken = good.error();
  }
  return Failure(*body.broken);
}

void Channel::send(std::string_view payload) {
  auto& body = *body_;
  if (body.broken) return;
  if (payload.size() > frame_bytes_max) {
    body.broken = cox::Error{Code::bad_usage, "a message of " + std::to_string(payload.size()) +
                                                  " bytes is over the limit of " +
                                                  std::to_string(frame_bytes_max)};
    return;
  }
  if (body.sending) {
    body.writer.append(payload, &body.out);
  } else {
    body.held.emplace_back(payload);
  }
}

void Channel::send_last(std::string_view payload) {
  if (body_->sending) body_->writer.append(payload, &body_->out);
}

std::size_t Channel::unfinished_bytes() const {
  return body_->reader.unfinished_bytes();
}

std::string Channel::take_output() {
  return std::exchange(body_->out, {});
}

bool Channel::has_output() const {
  return !body_->out.empty();
}

std::string& Channel::output() {
  return body_->out;
}

Result<void> Channel::status() const {
  if (body_->broken) return Failure(*body_->broken);
  return {};
}

bool Channel::is_open() const {
  return body_->sending && !body_->broken;
}

const Peer& Channel::peer() const {
  return body_->peer;
}

std::string refusal_of_hello(const std::string& why) {
  HelloReply reply;
  reply.set_version(std::string(software_version));
  reply.set_error(why);
  std::string frame;
  FrameWriter().append(reply.SerializeAsString(), &frame);
  return frame;
}

}  // namespace cox::wire
