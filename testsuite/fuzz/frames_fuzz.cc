// Frames: bytes split anywhere mean the same, and a keyed connection delivers nothing that was
// changed, moved, repeated or cut out on its way.
#include <vector>

#include "testsuite/fuzz/fuzz.h"
#include "wire/channel.h"

using namespace cox;
using fuzz::require;
using wire::Channel;

namespace {

wire::ChannelOptions options(wire::AuthKind auth, char nonce) {
  wire::ChannelOptions options;
  options.auth = auth;
  options.nonce = std::string(32, nonce);
  if (auth == wire::AUTH_KEY) options.key = std::string(32, 'K');
  return options;
}

Channel make(std::uint8_t role) {
  switch (role % 5) {
    case 0:
      return Channel::accepting(options(wire::AUTH_PEERCRED, 'b'));
    case 1:
      return Channel::accepting(options(wire::AUTH_KEY, 'b'));
    case 2:
      return Channel::connecting(options(wire::AUTH_PEERCRED, 'a'));
    case 3:
      return Channel::connecting(options(wire::AUTH_KEY, 'a'));
    default:
      return Channel::trusted();
  }
}

struct Heard {
  std::vector<std::string> frames;
  std::string complaint, answer;
  friend bool operator==(const Heard&, const Heard&) = default;
};

/// All of `bytes` in pieces of up to `piece` bytes.
Heard hear(std::uint8_t role, std::string_view bytes, std::size_t piece) {
  Channel channel = make(role);
  Heard heard;
  while (!bytes.empty() && heard.complaint.empty()) {
    const auto good = channel.receive(bytes.substr(0, piece), &heard.frames);
    if (!good) {
      fuzz::require_readable(good.error());
      heard.complaint = good.error().message;
    }
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  heard.answer = channel.take_output();
  return heard;
}

void check_splits(std::uint8_t role, std::size_t piece, std::string_view bytes) {
  require(hear(role, bytes, bytes.size() + 1) == hear(role, bytes, piece + 1),
          "a split changes what is heard");
}

/// Moves what one side has to say to the other until both are silent.
void settle(Channel* a, Channel* b) {
  std::vector<std::string> none;
  while (a->has_output() || b->has_output()) {
    if (a->has_output()) require(b->receive(a->take_output(), &none).has_value(), "a is refused");
    if (b->has_output()) require(a->receive(b->take_output(), &none).has_value(), "b is refused");
  }
  require(a->is_open() && b->is_open(), "a handshake does not end");
}

/// One change to a stream of frames, as somebody on the way could make it.
std::string tampered(std::string stream, fuzz::Input* input) {
  const std::uint8_t kind = input->byte();
  const std::size_t at = input->number(stream.size());
  const std::size_t count = 1 + input->number(stream.size() - at);
  switch (kind % 5) {
    case 0:
      stream[at] = static_cast<char>(stream[at] ^ (1 << (kind / 5 % 8)));
      return stream;
    case 1:
      return stream.erase(at, count);
    case 2:
      return stream.insert(at, stream.substr(at, count));
    case 3:
      return stream.substr(at) + stream.substr(0, at);
    default:
      return stream;
  }
}

void check_tampering(fuzz::Input input) {
  Channel a = Channel::connecting(options(wire::AUTH_KEY, 'a'));
  Channel b = Channel::accepting(options(wire::AUTH_KEY, 'b'));
  settle(&a, &b);
  fuzz::Input choice = input;
  std::vector<std::string> sent;
  for (std::string_view rest = input.rest(); sent.size() < 4 && !rest.empty();) {
    sent.emplace_back(rest.substr(0, 1 + rest.size() / 3));
    rest.remove_prefix(sent.back().size());
    a.send(sent.back());
  }
  if (sent.empty()) return;
  const std::string stream = a.take_output();
  const std::string changed = tampered(stream, &choice);
  std::vector<std::string> heard;
  const auto good = b.receive(changed, &heard);
  if (!good) fuzz::require_readable(good.error());
  require(heard.size() <= sent.size(), "more frames than were sent");
  require(std::equal(heard.begin(), heard.end(), sent.begin()), "a frame that was not sent");
  const bool is_whole = changed.size() >= stream.size() && changed.starts_with(stream);
  require((heard.size() == sent.size()) == is_whole, "a change went unseen");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t role = input.byte();
  const std::uint8_t piece = input.byte();
  check_splits(role, piece, input.rest());
  if (role % 2 == 1) check_tampering(input);
  return 0;
}
