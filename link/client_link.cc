// A blocking connection: plain socket calls and poll, in the order a command needs them.
#include "link/client_link.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "link/munge_program_source.h"
#include "platform/file.h"
#include "platform/random.h"
#include "platform/socket.h"

namespace cox::link {
namespace {

constexpr std::size_t buffer_bytes = 64U << 10;
constexpr std::size_t nonce_bytes = 32;
constexpr int poll_ms_max = 1 << 30;

Duration monotonic() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return Duration{std::chrono::duration_cast<std::chrono::microseconds>(now).count()};
}

int poll_ms(Duration deadline) {
  const auto left = std::max<std::int64_t>(0, deadline.us - monotonic().us);
  return static_cast<int>(std::min<std::int64_t>((left + 999) / 1000, poll_ms_max));
}

}  // namespace

struct ClientLink::Body {
  platform::Address address;
  platform::Descriptor fd;
  MungeProgramSource munge;  // costs nothing until a handshake asks for it
  wire::Channel channel = wire::Channel::trusted();
  std::vector<std::string> frames;
  std::size_t next = 0;     // of frames
  std::string output;       // taken from the channel, not written yet
  std::size_t written = 0;  // of output
  std::unique_ptr<char[]> buffer = std::make_unique_for_overwrite<char[]>(buffer_bytes);

  Error error_of(int number) const { return platform::connect_error(address, number); }

  wire::ChannelOptions options(const std::string& key, std::uint32_t server_uid);
  Result<void> shake_hands(Duration deadline);
  /// False at the deadline.
  Result<bool> wait(short events, Duration deadline) const;
  /// True when something came. error: unreachable at the peer's end
  Result<bool> read_some();
  Result<void> write_some();
  Result<void> write_output(Duration deadline);
  std::optional<std::string> take_frame();
};

wire::ChannelOptions ClientLink::Body::options(const std::string& key, std::uint32_t server_uid) {
  wire::ChannelOptions options;
  options.nonce = platform::random_bytes(nonce_bytes);
  options.secret = platform::random_bytes(nonce_bytes);
  options.key = key;
  options.server_uid = server_uid;
  options.uid = ::geteuid();
  options.gid = ::getegid();
  if (address.is_unix()) {
    const auto ids = platform::peer_ids(fd.get());
    options.auth = wire::AUTH_PEERCRED;
    options.assumes_peercred = key.empty();
    options.uid = ids.uid;
    options.gid = ids.gid;
    return options;
  }
  options.auth = key.empty() ? wire::AUTH_MUNGE : wire::AUTH_KEY;
  options.credentials = &munge;
  return options;
}

Result<bool> ClientLink::Body::wait(short events, Duration deadline) const {
  for (;;) {
    pollfd ready{fd.get(), events, 0};
    const int count = ::poll(&ready, 1, poll_ms(deadline));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return Failure(error_of(errno));
    if (count == 0 && monotonic() >= deadline) return false;
  }
}

Result<bool> ClientLink::Body::read_some() {
  for (;;) {
    const auto count = ::recv(fd.get(), buffer.get(), buffer_bytes, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0) return Failure(error_of(errno));
    if (count == 0) {
      return fail(Code::unreachable, address.text() + ": the other side closed the connection");
    }
    const std::string_view bytes(buffer.get(), static_cast<std::size_t>(count));
    const auto good = channel.receive(bytes, &frames);
    if (!good) return Failure(good.error().with_context(address.text()));
    return true;
  }
}

Result<void> ClientLink::Body::write_some() {
  while (written < output.size()) {
    const auto count = ::send(fd.get(), output.data() + written, output.size() - written,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return {};
    if (count < 0) return Failure(error_of(errno));
    written += static_cast<std::size_t>(count);
  }
  output.clear();
  written = 0;
  return {};
}

/// Takes in what comes meanwhile, so that two full pipes cannot block each other.
Result<void> ClientLink::Body::write_output(Duration deadline) {
  if (output.empty()) {
    output = channel.take_output();
  } else {
    output += channel.take_output();
  }
  for (;;) {
    if (const auto good = write_some(); !good) return good;
    if (output.empty()) return {};
    const auto ready = wait(POLLOUT | POLLIN, deadline);
    if (!ready) return Failure(ready.error());
    if (!*ready) return fail(Code::timed_out, address.text() + ": does not take our message");
    if (const auto read = read_some(); !read) return Failure(read.error());
  }
}

Result<void> ClientLink::Body::shake_hands(Duration deadline) {
  for (;;) {
    if (const auto good = write_output(deadline); !good) return good;
    if (channel.is_open()) return {};
    const auto ready = wait(POLLIN, deadline);
    if (!ready) return Failure(ready.error());
    if (!*ready) return fail(Code::timed_out, address.text() + ": no answer to the handshake");
    if (const auto read = read_some(); !read) return Failure(read.error());
  }
}

std::optional<std::string> ClientLink::Body::take_frame() {
  if (next == frames.size()) return std::nullopt;
  std::string frame = std::move(frames[next++]);
  if (next == frames.size()) {
    frames.clear();
    next = 0;
  }
  return frame;
}

ClientLink::ClientLink(std::unique_ptr<Body> body) : body_(std::move(body)) {}

ClientLink::ClientLink(ClientLink&&) noexcept = default;
ClientLink& ClientLink::operator=(ClientLink&&) noexcept = default;
ClientLink::~ClientLink() = default;

Result<ClientLink> ClientLink::connect(const platform::Address& address,
                                       const std::string& key,
                                       Duration time_out,
                                       std::uint32_t server_uid,
                                       const std::string& token) {
  const auto deadline = monotonic() + time_out;
  auto fd = platform::connect_blocking(address, time_out);
  if (!fd) return Failure(fd.error());
  auto body = std::make_unique<Body>();
  body->address = address;
  body->fd = *std::move(fd);
  wire::ChannelOptions options = body->options(key, server_uid);
  options.token = token;
  body->channel = wire::Channel::connecting(std::move(options));
  if (const auto good = body->shake_hands(deadline); !good) return Failure(good.error());
  return ClientLink(std::move(body));
}

Result<void> ClientLink::send(std::string_view payload) {
  body_->channel.send(payload);
  if (const auto good = body_->channel.status(); !good) return good;
  const auto written = body_->write_output(monotonic() + duration_unlimited);
  if (written) return written;
  // Who closes because of what we send may have said why: then that is the answer to it.
  for (auto read = body_->read_some(); read && *read;) read = body_->read_some();
  return body_->frames.empty() ? written : Result<void>{};
}

Result<std::optional<std::string>> ClientLink::receive(Duration time_out) {
  const auto deadline = monotonic() + time_out;
  for (;;) {
    if (auto frame = body_->take_frame()) return frame;
    const auto read = body_->read_some();
    if (!read) {
      // Frames that came before the end are still the caller's.
      if (auto frame = body_->take_frame()) return frame;
      return Failure(read.error());
    }
    if (*read) continue;
    const auto ready = body_->wait(POLLIN, deadline);
    if (!ready) return Failure(ready.error());
    if (!*ready) return std::nullopt;
  }
}

int ClientLink::descriptor() const {
  return body_->fd.get();
}

}  // namespace cox::link
