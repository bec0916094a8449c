// What the parts of the loop know of each other. No Asio here: only loop.cc includes it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "platform/descriptor.h"
#include "platform/loop.h"
#include "platform/socket.h"

namespace cox::platform {

/// Something with a descriptor that the loop wakes. Kept alive by its own waits.
class Pollable {
 public:
  virtual ~Pollable() = default;

  virtual void on_readable() {}

  virtual void on_writable() {}

  virtual void at_flush() {}
};

/// A descriptor in the reactor. A wait is for one event; data left unread wakes the next wait.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual int fd() const = 0;
  virtual void wait_readable(std::shared_ptr<Pollable> pollable) = 0;
  virtual void wait_writable(std::shared_ptr<Pollable> pollable) = 0;
  /// Ends all waits, without a wake-up, and closes the descriptor, or leaves it to the caller.
  virtual void close() = 0;
  virtual void release() = 0;
};

class LoopCore : public Loop {
 public:
  virtual Result<std::unique_ptr<Waiter>> attach(int fd) = 0;
  /// One buffer for all reads: an idle connection costs none.
  virtual std::span<char> read_buffer() = 0;
  /// Calls at_flush() when the turn ends.
  virtual void flush_later(std::shared_ptr<Pollable> pollable) = 0;
};

Result<std::unique_ptr<Stream>> make_stream(LoopCore& loop, Descriptor fd);
using Accepted = std::function<void(std::unique_ptr<Stream>)>;
/// Accepts until the loop ends; a Unix socket's file is removed with the returned object.
Result<std::shared_ptr<Pollable>> start_listener(LoopCore& loop,
                                                 Descriptor fd,
                                                 const Address& address,
                                                 Accepted accepted);
using Connected = std::function<void(Result<std::unique_ptr<Stream>>)>;
/// Tries each of `targets`; `done` runs once, from the loop.
void start_connector(LoopCore& loop,
                     const Address& address,
                     std::vector<SocketAddress> targets,
                     Duration time_out,
                     Connected done);
Result<void> watch_child(LoopCore& loop, int pid, std::function<void(const ChildExit&)> work);

}  // namespace cox::platform
