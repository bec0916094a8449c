// Options of a handshake, from what is trusted and what the kernel says of the peer.
#include "link/handshake.h"

#include <unistd.h>

#include "platform/random.h"

namespace cox::link {
namespace {

constexpr Duration refusal_pause = seconds(1);
constexpr std::size_t nonce_bytes = 32;

}  // namespace

wire::ChannelOptions accepting_options(const Trust& trust,
                                       const platform::Stream::Credentials& credentials) {
  wire::ChannelOptions options;
  options.nonce = platform::random_bytes(nonce_bytes);
  options.key = trust.key;
  options.credentials = trust.credentials;
  options.auth = trust.remote_auth;
  options.frame_max = trust.frame_max;
  options.takes_tokens = trust.takes_tokens;
  options.uid = ::geteuid();
  options.gid = ::getegid();
  if (!credentials.known) return options;
  const bool ours =
      credentials.uid == 0 || credentials.uid == ::geteuid() || credentials.uid == trust.owner;
  options.auth = trust.key_on_unix && !ours ? wire::AUTH_KEY : wire::AUTH_PEERCRED;
  if (options.auth == wire::AUTH_KEY) return options;
  options.uid = credentials.uid;
  options.gid = credentials.gid;
  return options;
}

wire::ChannelOptions connecting_options(const Trust& trust, const platform::Stream& stream) {
  const auto credentials = stream.credentials();
  wire::ChannelOptions options;
  options.nonce = platform::random_bytes(nonce_bytes);
  options.secret = platform::random_bytes(nonce_bytes);
  options.key = trust.key;
  options.credentials = trust.credentials;
  options.auth = credentials.known ? wire::AUTH_PEERCRED : trust.remote_auth;
  options.uid = credentials.known ? credentials.uid : ::geteuid();
  options.gid = credentials.known ? credentials.gid : ::getegid();
  options.server_uid = trust.owner;
  return options;
}

void RefusalLog::add(Error error) {
  const auto now = loop_.monotonic();
  if (told_ && now < last_ + refusal_pause) {
    ++left_out_;
    return;
  }
  if (left_out_ > 0) error.message += " (and " + std::to_string(left_out_) + " before it)";
  told_ = true;
  last_ = now;
  left_out_ = 0;
  if (refused_) refused_(error);
}

}  // namespace cox::link
