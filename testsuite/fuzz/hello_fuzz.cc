// Handshakes with any hello, proof, credential and reply: nobody gets in without the key or a
// credential of this very connection.
#include <vector>

#include "common/node_list.h"
#include "testsuite/fuzz/fuzz.h"
#include "wire/channel.h"
#include "wire/frame_codec.h"

using namespace cox;
using fuzz::require;
using wire::Channel;

namespace {

/// A MUNGE that vouches for whatever the input says.
class AnyCredential : public wire::CredentialSource {
 public:
  explicit AnyCredential(std::string_view payload) : payload_(payload) {}

  Result<std::string> encode(std::string_view payload, std::uint32_t /*only_uid*/) override {
    return std::string(payload);
  }

  Result<Decoded> decode(std::string_view credential) override {
    if (credential.empty()) return fail(Code::not_permitted, "no credential");
    return Decoded{std::string(payload_), 1234, 5678};
  }

 private:
  std::string_view payload_;
};

std::string framed(std::string_view payload) {
  std::string frame;
  wire::FrameWriter().append(payload, &frame);
  return frame;
}

wire::ChannelOptions options_of(std::uint8_t choice, wire::CredentialSource* credentials) {
  wire::ChannelOptions options;
  options.auth = static_cast<wire::AuthKind>(wire::AUTH_PEERCRED + choice % 3);
  options.nonce = std::string(32, 'n');
  options.secret = std::string(32, 's');
  if (options.auth == wire::AUTH_KEY) options.key = std::string(32, 'K');
  if (options.auth == wire::AUTH_MUNGE) options.credentials = credentials;
  options.uid = 1000;
  options.gid = 1000;
  return options;
}

void check_peer(const Channel& channel, const wire::ChannelOptions& options) {
  if (!channel.is_open()) return;
  require(options.auth == wire::AUTH_PEERCRED, "a stranger was let in");
  const wire::Peer& peer = channel.peer();
  require(peer.uid == options.uid && peer.gid == options.gid, "a peer chose its uid");
  require(peer.name.empty() || is_node_name(peer.name), "a peer without a proper name");
  require(peer.version.size() <= 256, "a long version");
}

void talk(Channel channel, const wire::ChannelOptions& options, fuzz::Input input) {
  std::vector<std::string> frames;
  Result<void> good;
  for (int i = 0; i < 4 && good && !input.rest().empty(); ++i) {
    good = channel.receive(framed(input.rest().substr(0, input.number(4096))), &frames);
  }
  if (!good) fuzz::require_readable(good.error());
  check_peer(channel, options);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.byte();
  AnyCredential credentials(input.rest().substr(0, 128));
  const auto options = options_of(choice, &credentials);
  // Frames of the input: hello and proof to one side, reply and welcome to the other.
  const std::string_view first = input.text();
  const std::string_view second = input.text();
  const bool accepts = choice >= 128;
  Channel channel = accepts ? Channel::accepting(options) : Channel::connecting(options);
  std::vector<std::string> frames;
  auto good = channel.receive(framed(first), &frames);
  if (good) good = channel.receive(framed(second), &frames);
  if (good) good = channel.receive(input.rest(), &frames);
  if (!good) fuzz::require_readable(good.error());
  check_peer(channel, options);
  talk(accepts ? Channel::accepting(options) : Channel::connecting(options), options, input);
  return 0;
}
