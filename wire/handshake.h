// What is behind a Channel: its state, and the steps of the handshake as the two sides take them
// (handshake_accepting.cc, handshake_connecting.cc). Used by wire/channel.cc only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/channel.h"
#include "wire/frame_codec.h"

namespace cox::wire {

inline constexpr std::size_t nonce_bytes = 32;
inline constexpr std::size_t secret_bytes = 32;
inline constexpr std::size_t name_bytes_max = 256;
inline constexpr std::string_view software_version = COX_VERSION;

// What a digest is for; part of its input, so that no digest can stand for another.
inline constexpr std::string_view label_transcript = "coxswain transcript 1";
inline constexpr std::string_view label_proof_connecting =
    "coxswain proof of the connecting side 1";
inline constexpr std::string_view label_proof_accepting = "coxswain proof of the accepting side 1";
inline constexpr std::string_view label_from_connecting =
    "coxswain session from the connecting side 1";
inline constexpr std::string_view label_from_accepting =
    "coxswain session from the accepting side 1";
inline constexpr std::string_view munge_head = "coxswain 1\n";

inline Failure refuse(std::string message) {
  return fail(Code::not_permitted, std::move(message));
}

struct Channel::Body {
  enum class Step { hello, reply, proof, welcome, open };

  ChannelOptions options;
  bool accepts = false;
  Step awaits = Step::open;  // the next frame that must come
  Peer peer;
  std::string my_hello;  // as sent or received: both sides digest the same bytes
  Digest transcript{};
  std::string out;
  std::vector<std::string> held;  // payloads sent before the channel was open
  bool sending = false;           // payloads may leave
  std::optional<cox::Error> broken;
  FrameReader reader{handshake_bytes_max};
  FrameWriter writer;

  template <class Message>
  void write(const Message& message) {
    writer.append(message.SerializeAsString(), &out);
  }

  void start_sending() {
    sending = true;
    for (const auto& payload : held) writer.append(payload, &out);
    held = {};
  }

  void open() {
    awaits = Step::open;
    reader.set_limit(options.frame_max);
    if (!sending) start_sending();
    options.key.clear();
    options.secret.clear();
  }

  void use_session(std::string_view secret) {
    const auto up = digest_of(secret, {label_from_connecting, as_text(transcript)});
    const auto down = digest_of(secret, {label_from_accepting, as_text(transcript)});
    reader.use_key(accepts ? up : down);
    writer.use_key(accepts ? down : up);
  }

  void say_hello();
  Result<void> on_hello(const std::string& payload);
  Result<void> on_reply(const std::string& payload);
  Result<void> on_proof(const std::string& payload);
  Result<void> on_welcome(const std::string& payload);
  Result<void> on_handshake(const std::string& payload);

  Result<void> accept_hello(const Hello& hello, HelloReply* reply);
  Result<void> check_reply(const HelloReply& reply) const;
  Result<Proof> make_proof(const HelloReply& reply);
  Result<Proof> make_credential(const HelloReply& reply);
  Result<void> check_key_proof(const Proof& proof);
  Result<void> check_credential(const Proof& proof);
  std::optional<cox::Error> unproved_welcome(const std::string& payload) const;
};

}  // namespace cox::wire
