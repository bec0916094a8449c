// Frames and their MACs: length, payload, and 16 bytes of keyed BLAKE2b once a session key exists.
// docs/protocol.md sections 2 and 5. Used by the channel only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::wire {

inline constexpr std::size_t frame_head_bytes = 4;
inline constexpr std::size_t mac_bytes = 16;

using SessionKey = std::array<unsigned char, 32>;
using Digest = std::array<unsigned char, 32>;

std::string_view as_text(const Digest& digest);

/// As libsodium takes them.
inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// BLAKE2b-256 over `parts`, each with its length in front; keyed where `key` is not empty.
Digest digest_of(std::string_view key, std::initializer_list<std::string_view> parts);
/// In constant time.
bool same_bytes(std::string_view a, std::string_view b);

/// The frames of one direction, written.
class FrameWriter {
 public:
  void use_key(const SessionKey& key) { key_ = key; }

  void append(std::string_view payload, std::string* to);

 private:
  std::optional<SessionKey> key_;
  std::uint64_t number_ = 0;  // of frames under the key
};

/// The frames of one direction, read. A payload that comes in pieces is gathered in place, so that
/// large frames cost one copy and small ones no buffer.
class FrameReader {
 public:
  explicit FrameReader(std::size_t limit) : limit_(limit) {}

  void use_key(const SessionKey& key) { key_ = key; }

  void set_limit(std::size_t limit) { limit_ = limit; }

  /// Takes bytes from the front of `bytes`. True: `payload` holds a whole frame; call again.
  /// False: `bytes` is used up. error: not_permitted for a wrong MAC, bad_usage for the length
  Result<bool> next(std::string_view* bytes, std::string* payload);

  std::size_t unfinished_bytes() const { return body_.size(); }

 private:
  std::size_t tail_bytes() const { return key_ ? mac_bytes : 0; }

  bool read_head(std::string_view* bytes);
  Result<bool> finish(std::string_view payload, std::string_view mac);

  std::size_t limit_;
  std::optional<SessionKey> key_;
  std::uint64_t number_ = 0;
  std::array<unsigned char, frame_head_bytes> head_{};
  std::size_t head_have_ = 0;
  std::size_t length_ = 0;  // valid when the head is complete
  std::string body_;        // payload and MAC so far, of a frame that came in pieces
};

}  // namespace cox::wire
