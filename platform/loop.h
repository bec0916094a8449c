// The event loop of a daemon: timers, signals, descriptors, child processes, byte streams.
// Asio stays inside platform/loop*.cc; nothing else includes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "model/time.h"
#include "platform/address.h"

namespace cox::platform {

/// How a child process ended, with what the kernel counted.
struct ChildExit {
  int exit_code = 0;  // valid when signal == 0
  int signal = 0;
  std::int64_t user_us = 0, system_us = 0, max_rss_bytes = 0;
};

/// A connected byte stream; destroyed before its loop. Callbacks run on the loop thread, never from
/// within a call of ours. Closing inside a callback is allowed; after close() no callback comes.
class Stream {
 public:
  struct Credentials {
    std::uint32_t uid = 0, gid = 0;
    std::int32_t pid = 0;
    bool known = false;
  };

  virtual ~Stream() = default;
  virtual void on_bytes(std::function<void(std::string_view)> callback) = 0;  // starts reading
  virtual void on_closed(std::function<void(const Error&)> callback) = 0;
  /// Queues bytes; everything queued in one turn of the loop leaves in one write.
  virtual void write(std::string bytes) = 0;
  virtual std::size_t queued_bytes() const = 0;
  /// Stops and restarts reading: back-pressure towards the peer.
  virtual void pause_reading(bool paused) = 0;
  /// Closes at once; with `after_flush` when the queue is empty (at most 5 s).
  virtual void close(bool after_flush = false) = 0;
  virtual Credentials credentials() const = 0;  // Unix sockets: SO_PEERCRED
  virtual std::string peer_text() const = 0;
  /// As write(), copying: no allocation for small frames.
  virtual void append(std::string_view bytes) = 0;
};

using TimerId = std::uint64_t;

class Loop {
 public:
  static Result<std::unique_ptr<Loop>> open();
  virtual ~Loop() = default;

  virtual void run() = 0;  // until stop()
  virtual void stop() = 0;
  /// From any thread.
  virtual void post(std::function<void()> work) = 0;
  /// After all events that are ready now were handled, once: the place to end a turn.
  virtual void at_end_of_turn(std::function<void()> work) = 0;

  virtual Instant now() const = 0;  // wall clock, UTC
  virtual Duration monotonic() const = 0;
  virtual TimerId after(Duration delay, std::function<void()> work) = 0;
  virtual void cancel(TimerId timer) = 0;  // unknown ids are ignored

  virtual void on_signal(int signal, std::function<void()> work) = 0;
  /// Reaps `pid` through a pidfd; `work` runs once.
  virtual Result<void> on_child_exit(int pid, std::function<void(const ChildExit&)> work) = 0;
  /// Called whenever `fd` is readable (or at its end), until unwatch. The fd stays the caller's.
  virtual Result<void> watch_readable(int fd, std::function<void()> work) = 0;
  virtual Result<void> watch_writable(int fd, std::function<void()> work) = 0;
  virtual void unwatch(int fd) = 0;

  /// Unix path or TCP. `accepted` runs per connection. A stale socket file is replaced. TCP port 0
  /// picks one: the returned address tells. mode: permission bits of a Unix socket.
  virtual Result<Address> listen(const Address& address,
                                 unsigned mode,
                                 std::function<void(std::unique_ptr<Stream>)> accepted) = 0;
  virtual void connect(const Address& address,
                       Duration time_out,
                       std::function<void(Result<std::unique_ptr<Stream>>)> done) = 0;
  /// A connected descriptor (socketpair) as a stream; takes the descriptor.
  virtual Result<std::unique_ptr<Stream>> adopt(int fd) = 0;
};

}  // namespace cox::platform
