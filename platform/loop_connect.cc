// Accepting and connecting, as steps of the loop.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "platform/file.h"
#include "platform/loop_core.h"

namespace cox::platform {
namespace {

constexpr int accepts_per_event = 64;
// Without a free descriptor a connection cannot even be refused: it waits in the backlog.
constexpr Duration accept_pause = milliseconds(100);
constexpr Duration connect_pause = milliseconds(10);

class Listener : public Pollable, public std::enable_shared_from_this<Listener> {
 public:
  Listener(LoopCore& loop, const Address& address, Accepted accepted)
      : loop_(loop), address_(address), accepted_(std::move(accepted)) {}

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Removes the socket's file, unless another one took the name.
  ~Listener() override {
    struct stat now {};

    if (address_.is_unix() && ::lstat(address_.path.c_str(), &now) == 0 &&
        now.st_ino == file_.st_ino && now.st_dev == file_.st_dev) {
      ::unlink(address_.path.c_str());
    }
  }

  Result<void> start(Descriptor fd) {
    if (address_.is_unix()) ::lstat(address_.path.c_str(), &file_);
    auto waiter = loop_.attach(fd.get());
    if (!waiter) return Failure(waiter.error());
    fd.release();
    waiter_ = *std::move(waiter);
    rearm();
    return {};
  }

  void on_readable() override {
    for (int i = 0; i < accepts_per_event; ++i) {
      Descriptor fd(::accept4(waiter_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!fd.is_open()) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN) break;
        return pause();
      }
      if (auto stream = make_stream(loop_, std::move(fd))) accepted_(*std::move(stream));
    }
    rearm();
  }

 private:
  void rearm() { waiter_->wait_readable(shared_from_this()); }

  void pause() {
    loop_.after(accept_pause, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->rearm();
    });
  }

  LoopCore& loop_;
  Address address_;
  Accepted accepted_;

  struct stat file_ {};

  std::unique_ptr<Waiter> waiter_;
};

class Connector : public Pollable, public std::enable_shared_from_this<Connector> {
 public:
  Connector(LoopCore& loop,
            const Address& address,
            std::vector<SocketAddress> targets,
            Connected done)
      : loop_(loop), address_(address), targets_(std::move(targets)), done_(std::move(done)) {}

  void start(Duration time_out) {
    timer_ = loop_.after(time_out, [self = shared_from_this()] { self->finish(ETIMEDOUT); });
    loop_.post([self = shared_from_this()] { self->try_next(EADDRNOTAVAIL); });
  }

  void on_writable() override {
    if (!done_ || !waiter_) return;
    settle(finish_connect(waiter_->fd()));
  }

 private:
  void try_next(int last_error) {
    if (!done_) return;
    if (waiter_) waiter_->close();
    waiter_ = nullptr;
    if (next_ == targets_.size()) return finish(last_error);
    const auto& target = targets_[next_++];
    auto fd = open_socket(target);
    if (!fd) return deliver(Failure(fd.error()));
    const int error = start_connect(fd->get(), target);
    auto waiter = loop_.attach(fd->get());
    if (!waiter) return deliver(Failure(waiter.error()));
    fd->release();
    waiter_ = *std::move(waiter);
    if (error == EINPROGRESS) return waiter_->wait_writable(shared_from_this());
    settle(error);
  }

  void settle(int error) {
    if (error == 0) return finish(0);
    if (error == EAGAIN) return try_again();
    try_next(error);
  }

  /// The backlog of a Unix socket is full: the same target again, until the time is over.
  void try_again() {
    --next_;
    loop_.after(connect_pause, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->try_next(EAGAIN);
    });
  }

  void finish(int error) {
    if (error != 0) return deliver(Failure(connect_error(address_, error)));
    // The stream registers the descriptor anew: a duplicate, since a wait may still hold this one.
    Descriptor fd(::fcntl(waiter_->fd(), F_DUPFD_CLOEXEC, 0));
    if (!fd.is_open()) return deliver(Failure(connect_error(address_, errno)));
    deliver(make_stream(loop_, std::move(fd)));
  }

  void deliver(Result<std::unique_ptr<Stream>> result) {
    const auto done = std::exchange(done_, nullptr);
    if (!done) return;
    loop_.cancel(timer_);
    if (waiter_) waiter_->close();
    done(std::move(result));
  }

  LoopCore& loop_;
  Address address_;
  std::vector<SocketAddress> targets_;
  std::size_t next_ = 0;
  Connected done_;
  TimerId timer_ = 0;
  std::unique_ptr<Waiter> waiter_;
};

}  // namespace

Result<std::shared_ptr<Pollable>> start_listener(LoopCore& loop,
                                                 Descriptor fd,
                                                 const Address& address,
                                                 Accepted accepted) {
  auto listener = std::make_shared<Listener>(loop, address, std::move(accepted));
  if (const auto started = listener->start(std::move(fd)); !started) {
    return Failure(started.error());
  }
  return listener;
}

void start_connector(LoopCore& loop,
                     const Address& address,
                     std::vector<SocketAddress> targets,
                     Duration time_out,
                     Connected done) {
  std::make_shared<Connector>(loop, address, std::move(targets), std::move(done))->start(time_out);
}

}  // namespace cox::platform
