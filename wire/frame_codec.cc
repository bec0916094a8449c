// The byte form of frames. Everything that is secret is compared in constant time.
#include "wire/frame_codec.h"

#include <algorithm>
#include <cstring>

#include "wire/sodium_ready.h"

namespace cox::wire {
namespace {

template <std::size_t N>
std::array<unsigned char, N> little_endian(std::uint64_t value) {
  std::array<unsigned char, N> bytes{};
  for (auto& byte : bytes) {
    byte = static_cast<unsigned char>(value & 0xFFU);
    value >>= 8U;
  }
  return bytes;
}

using Mac = std::array<unsigned char, mac_bytes>;

/// Over the frame's number, so that a frame which was left out, doubled or moved is noticed.
Mac mac_of(const SessionKey& key, std::uint64_t number, std::string_view payload) {
  ready_sodium();
  crypto_generichash_state state;
  const auto head = little_endian<8>(number);
  Mac mac;
  crypto_generichash_init(&state, key.data(), key.size(), mac.size());
  crypto_generichash_update(&state, head.data(), head.size());
  crypto_generichash_update(&state, bytes_of(payload), payload.size());
  crypto_generichash_final(&state, mac.data(), mac.size());
  return mac;
}

template <std::size_t N>
std::string_view text_of(const std::array<unsigned char, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string_view as_text(const Digest& digest) {
  return text_of(digest);
}

Digest digest_of(std::string_view key, std::initializer_list<std::string_view> parts) {
  ready_sodium();
  crypto_generichash_state state;
  Digest digest;
  crypto_generichash_init(&state, key.empty() ? nullptr : bytes_of(key), key.size(), digest.size());
  for (const auto part : parts) {
    const auto length = little_endian<8>(part.size());
    crypto_generichash_update(&state, length.data(), length.size());
    crypto_generichash_update(&state, bytes_of(part), part.size());
  }
  crypto_generichash_final(&state, digest.data(), digest.size());
  return digest;
}

bool same_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void FrameWriter::append(std::string_view payload, std::string* to) {
  to->append(text_of(little_endian<frame_head_bytes>(payload.size())));
  to->append(payload);
  if (key_) to->append(text_of(mac_of(*key_, number_++, payload)));
}

bool FrameReader::read_head(std::string_view* bytes) {
  const auto take = std::min(frame_head_bytes - head_have_, bytes->size());
  std::memcpy(head_.data() + head_have_, bytes->data(), take);
  bytes->remove_prefix(take);
  head_have_ += take;
  if (head_have_ < frame_head_bytes) return false;
  length_ = 0;
  for (std::size_t i = frame_head_bytes; i-- > 0;) length_ = (length_ << 8U) | head_[i];
  return true;
}

Result<bool> FrameReader::finish(std::string_view payload, std::string_view mac) {
  head_have_ = 0;
  if (!key_) return true;
  if (same_bytes(text_of(mac_of(*key_, number_++, payload)), mac)) return true;
  return fail(Code::not_permitted, "frame " + std::to_string(number_ - 1) +
                                       " does not carry the session's code: forged, moved or "
                                       "sent by a holder of another key");
}

Result<bool> FrameReader::next(std::string_view* bytes, std::string* payload) {
  if (head_have_ < frame_head_bytes) {
    if (bytes->empty() || !read_head(bytes)) return false;
    if (length_ > limit_) {
      return fail(Code::bad_usage, "a frame of " + std::to_string(length_) +
                                       " bytes is over the limit of " + std::to_string(limit_));
    }
  }
  const std::size_t total = length_ + tail_bytes();
  if (body_.empty() && bytes->size() >= total) {
    payload->assign(bytes->substr(0, length_));
    const auto mac = bytes->substr(length_, tail_bytes());
    bytes->remove_prefix(total);
    return finish(*payload, mac);
  }
  const auto take = std::min(total - body_.size(), bytes->size());
  body_.append(bytes->substr(0, take));
  bytes->remove_prefix(take);
  if (body_.size() < total) return false;
  const std::string mac = body_.substr(length_);
  body_.resize(length_);
  payload->swap(body_);
  body_ = std::string();
  return finish(*payload, mac);
}

}  // namespace cox::wire
