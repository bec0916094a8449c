// See join_token.h. A token's secret is a digest under the cluster's key, so that the controller
// need not remember tokens that it gave out, only those that were used.
#include "wire/join_token.h"

#include <sodium.h>

#include <array>
#include <cstdint>

#include "common/text.h"
#include "wire/frame_codec.h"

namespace cox::wire {
namespace {

constexpr std::string_view label_secret = "coxswain join token 1";
constexpr std::string_view label_seal = "coxswain join seal 1";
constexpr std::size_t until_bytes = 8;
constexpr std::size_t key_bytes = 32;

Digest seal_of(const JoinToken& token) {
  return digest_of(token.secret, {label_seal, token.open});
}

/// A seal is used for one message only, the same each time: it needs no nonce of its own.
constexpr std::array<unsigned char, crypto_secretbox_NONCEBYTES> no_nonce{};

}  // namespace

JoinToken make_token(std::string_view cluster_key, Instant until, std::string_view random) {
  JoinToken token;
  auto us = static_cast<std::uint64_t>(until.us);
  for (std::size_t i = 0; i < until_bytes; ++i) {
    token.open.push_back(static_cast<char>(us & 0xFFU));
    us >>= 8U;
  }
  token.open.append(random);
  token.secret = token_secret(cluster_key, token.open);
  return token;
}

std::string token_text(const JoinToken& token) {
  return to_hex(token.open + token.secret);
}

Result<JoinToken> parse_token(std::string_view text) {
  constexpr std::size_t bytes = token_public_bytes + key_bytes;
  const auto whole = from_hex(text);
  if (!whole || whole->size() != bytes) {
    return fail(Code::bad_usage, std::to_string(2 * bytes) +
                                     " hexadecimal digits are expected, not these " +
                                     std::to_string(text.size()) + " bytes");
  }
  return JoinToken{whole->substr(0, token_public_bytes), whole->substr(token_public_bytes)};
}

std::string token_secret(std::string_view cluster_key, std::string_view open) {
  if (open.size() != token_public_bytes) return {};
  return std::string(as_text(digest_of(cluster_key, {label_secret, open})));
}

Instant token_until(std::string_view open) {
  if (open.size() != token_public_bytes) return {};
  std::uint64_t us = 0;
  for (std::size_t i = until_bytes; i-- > 0;) us = us << 8U | bytes_of(open)[i];
  return Instant{static_cast<std::int64_t>(us)};
}

std::string seal_key(const JoinToken& token, std::string_view cluster_key) {
  const Digest seal = seal_of(token);
  std::string sealed(cluster_key.size() + crypto_secretbox_MACBYTES, '\0');
  crypto_secretbox_easy(reinterpret_cast<unsigned char*>(sealed.data()), bytes_of(cluster_key),
                        cluster_key.size(), no_nonce.data(), seal.data());
  return sealed;
}

Result<std::string> open_key(const JoinToken& token, std::string_view sealed) {
  const Digest seal = seal_of(token);
  std::string key(key_bytes, '\0');
  const bool is_good =
      sealed.size() == key_bytes + crypto_secretbox_MACBYTES &&
      crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(key.data()), bytes_of(sealed),
                                 sealed.size(), no_nonce.data(), seal.data()) == 0;
  if (!is_good) return fail(Code::not_permitted, "what the controller sent is no sealed key");
  return key;
}

}  // namespace cox::wire
