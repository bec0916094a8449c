// The loop itself: the only user of Asio. A turn is: wait for an event, handle all that are ready,
// run the end-of-turn work, then write what the turn queued.
#include "platform/loop.h"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <unordered_map>
#include <utility>
#include <vector>

#include "platform/fd_watch.h"
#include "platform/file.h"
#include "platform/loop_core.h"
#include "platform/name_lookups.h"

namespace cox::platform {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t read_buffer_bytes = 256U << 10;
// A turn ends after so many events even when more are ready, so that replies are not held back.
constexpr int events_per_turn = 1024;
constexpr std::int64_t delay_us_max = std::int64_t{10} * 365 * 86'400 * 1'000'000;

class AsioWaiter : public Waiter {
 public:
  AsioWaiter(asio::io_context& io, int fd) : descriptor_(io), fd_(fd) {}

  Result<void> open() {
    error_code error;
    descriptor_.assign(fd_, error);
    if (error) return Failure(system_error("watch a descriptor", error.value()));
    return {};
  }

  int fd() const override { return fd_; }

  void wait_readable(std::shared_ptr<Pollable> pollable) override {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [pollable = std::move(pollable)](const error_code& error) {
                             if (!error) pollable->on_readable();
                           });
  }

  void wait_writable(std::shared_ptr<Pollable> pollable) override {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_write,
                           [pollable = std::move(pollable)](const error_code& error) {
                             if (!error) pollable->on_writable();
                           });
  }

  void close() override {
    error_code ignored;
    descriptor_.close(ignored);
    fd_ = -1;
  }

  void release() override {
    descriptor_.release();
    fd_ = -1;
  }

 private:
  asio::posix::stream_descriptor descriptor_;
  int fd_;
};

class AsioLoop : public LoopCore {
 public:
  AsioLoop()
      : io_(1),
        guard_(io_.get_executor()),
        // Not zeroed: a short-lived supervisor would touch 64 pages for nothing.
        buffer_(std::make_unique_for_overwrite<char[]>(read_buffer_bytes)) {}

  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  ~AsioLoop() override {
    for (auto& [fd, watch] : watches_) watch->end();
  }

  void run() override {
    while (!stopping_) turn();
    stopping_ = false;
  }

  void stop() override {
    stopping_ = true;
    asio::post(io_, [] {});
  }

  void post(std::function<void()> work) override { asio::post(io_, std::move(work)); }

  void at_end_of_turn(std::function<void()> work) override { ends_.push_back(std::move(work)); }

  void flush_later(std::shared_ptr<Pollable> pollable) override {
    dirty_.push_back(std::move(pollable));
  }

  std::span<char> read_buffer() override { return {buffer_.get(), read_buffer_bytes}; }

  Instant now() const override;
  Duration monotonic() const override;
  TimerId after(Duration delay, std::function<void()> work) override;

  void cancel(TimerId timer) override { timers_.erase(timer); }

  void on_signal(int signal, std::function<void()> work) override;

  Result<void> on_child_exit(int pid, std::function<void(const ChildExit&)> work) override {
    return watch_child(*this, pid, std::move(work));
  }

  Result<std::unique_ptr<Waiter>> attach(int fd) override;
  Result<void> watch_readable(int fd, std::function<void()> work) override;
  Result<void> watch_writable(int fd, std::function<void()> work) override;
  void unwatch(int fd) override;

  Result<Address> listen(const Address& address, unsigned mode, Accepted accepted) override;
  void connect(const Address& address, Duration time_out, Connected done) override;

  Result<std::unique_ptr<Stream>> adopt(int fd) override {
    return make_stream(*this, Descriptor(fd));
  }

 private:
  struct Timer {
    asio::steady_timer timer;
    std::function<void()> work;
  };

  struct Signal {
    Signal(asio::io_context& io, int signal, std::function<void()> then)
        : set(io, signal), work(std::move(then)) {}

    asio::signal_set set;
    std::function<void()> work;
  };

  void turn();
  void end_turn();
  void await_signal(Signal& signal);
  Result<FdWatch*> watch_of(int fd);

  asio::io_context io_;  // first: what refers to it is destroyed before it
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<char[]> buffer_;
  std::vector<std::function<void()>> ends_;
  std::vector<std::shared_ptr<Pollable>> dirty_;
  std::unordered_map<TimerId, Timer> timers_;
  TimerId last_timer_ = 0;
  std::unordered_map<int, std::unique_ptr<Signal>> signals_;
  std::unordered_map<int, std::shared_ptr<FdWatch>> watches_;
  std::vector<std::shared_ptr<Pollable>> listeners_;
  NameLookups lookups_{*this};
};

void AsioLoop::turn() {
  // What the end of a turn left for the next must not wait for an event.
  if (ends_.empty() && dirty_.empty()) io_.run_one();
  for (int i = 0; i < events_per_turn && io_.poll_one() > 0; ++i) {
  }
  end_turn();
}

void AsioLoop::end_turn() {
  for (auto& work : std::exchange(ends_, {})) work();
  for (auto& pollable : std::exchange(dirty_, {})) pollable->at_flush();
}

Instant AsioLoop::now() const {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return Instant{time.tv_sec * 1'000'000 + time.tv_nsec / 1000};
}

Duration AsioLoop::monotonic() const {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return Duration{time.tv_sec * 1'000'000 + time.tv_nsec / 1000};
}

TimerId AsioLoop::after(Duration delay, std::function<void()> work) {
  const auto id = ++last_timer_;
  const std::chrono::microseconds wait(std::clamp<std::int64_t>(delay.us, 0, delay_us_max));
  const auto [at, fresh] =
      timers_.emplace(id, Timer{asio::steady_timer(io_, wait), std::move(work)});
  at->second.timer.async_wait([this, id](const error_code& error) {
    const auto found = error ? timers_.end() : timers_.find(id);
    if (found == timers_.end()) return;
    const auto due = std::move(found->second.work);
    timers_.erase(found);
    due();
  });
  return id;
}

void AsioLoop::on_signal(int signal, std::function<void()> work) {
  auto& entry = signals_[signal];
  if (entry) {
    entry->work = std::move(work);
    return;
  }
  entry = std::make_unique<Signal>(io_, signal, std::move(work));
  await_signal(*entry);
}

void AsioLoop::await_signal(Signal& signal) {
  signal.set.async_wait([this, &signal](const error_code& error, int) {
    if (error) return;
    const auto work = signal.work;
    await_signal(signal);
    work();
  });
}

Result<std::unique_ptr<Waiter>> AsioLoop::attach(int fd) {
  auto waiter = std::make_unique<AsioWaiter>(io_, fd);
  if (const auto opened = waiter->open(); !opened) return Failure(opened.error());
  return waiter;
}

Result<FdWatch*> AsioLoop::watch_of(int fd) {
  if (const auto found = watches_.find(fd); found != watches_.end()) return found->second.get();
  auto waiter = attach(fd);
  if (!waiter) return Failure(waiter.error());
  const auto watch = std::make_shared<FdWatch>(*std::move(waiter));
  watches_.emplace(fd, watch);
  return watch.get();
}

Result<void> AsioLoop::watch_readable(int fd, std::function<void()> work) {
  const auto watch = watch_of(fd);
  if (!watch) return Failure(watch.error());
  (*watch)->set_readable(std::move(work));
  return {};
}

Result<void> AsioLoop::watch_writable(int fd, std::function<void()> work) {
  const auto watch = watch_of(fd);
  if (!watch) return Failure(watch.error());
  (*watch)->set_writable(std::move(work));
  return {};
}

void AsioLoop::unwatch(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  found->second->end();
  watches_.erase(found);
}

Result<Address> AsioLoop::listen(const Address& address, unsigned mode, Accepted accepted) {
  auto fd = open_listener(address, mode);
  if (!fd) return Failure(fd.error());
  const auto listening = listening_address(fd->get(), address);
  auto listener = start_listener(*this, *std::move(fd), listening, std::move(accepted));
  if (!listener) return Failure(listener.error());
  listeners_.push_back(*std::move(listener));
  return listening;
}

void AsioLoop::connect(const Address& address, Duration time_out, Connected done) {
  lookups_.find(address, [this, address, time_out,
                          done = std::move(done)](Result<std::vector<SocketAddress>> found) {
    if (!found) return done(Failure(found.error()));
    start_connector(*this, address, *std::move(found), time_out, done);
  });
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::open() {
  return std::make_unique<AsioLoop>();
}

}  // namespace cox::platform
