// Byte streams over connected sockets: large reads into the loop's one buffer, one write per turn.
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "platform/file.h"
#include "platform/loop_core.h"
#include "platform/write_queue.h"

namespace cox::platform {
namespace {

// One connection may not keep a turn to itself.
constexpr int reads_per_event = 4;
constexpr Duration linger_max = seconds(5);

class Connection : public Pollable, public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(LoopCore& loop) : loop_(loop) {}

  Result<void> open(Descriptor fd);
  void set_on_bytes(std::function<void(std::string_view)> callback);
  void set_on_closed(std::function<void(const Error&)> callback);
  void write(std::string bytes);
  void append(std::string_view bytes);
  void pause_reading(bool paused);
  void close(bool after_flush);

  std::size_t queued_bytes() const { return queue_.bytes(); }

  const PeerIds& ids() const { return ids_; }

  const std::string& peer_text() const { return peer_text_; }

  void on_readable() override;
  void on_writable() override;
  void at_flush() override;

 private:
  enum class State { open, lingering, closed };

  bool wants_to_read() const;
  void want_read();
  void mark_dirty();
  bool deliver(std::string_view bytes);
  void write_queue();
  void on_write_error(int error);
  void finish_lingering();
  void fail_with(std::string reason);
  void shut();

  LoopCore& loop_;
  std::unique_ptr<Waiter> waiter_;
  State state_ = State::open;
  // Held by pointer: a callback may replace or drop itself while it runs.
  std::shared_ptr<std::function<void(std::string_view)>> on_bytes_;
  std::shared_ptr<std::function<void(const Error&)>> on_closed_;
  std::optional<Error> failure_;  // before anybody asked to be told
  WriteQueue queue_;
  bool paused_ = false;
  bool read_waits_ = false;
  bool write_waits_ = false;
  bool dirty_ = false;
  bool write_broken_ = false;
  bool said_end_ = false;  // our half is shut down
  PeerIds ids_;
  std::string peer_text_;
};

Result<void> Connection::open(Descriptor fd) {
  ids_ = peer_ids(fd.get());
  peer_text_ = peer_text_of(fd.get());
  if (!ids_.known) {
    set_no_delay(fd.get());
    notice_dead_peer(fd.get());
  }
  auto waiter = loop_.attach(fd.get());
  if (!waiter) return Failure(waiter.error());
  fd.release();
  waiter_ = *std::move(waiter);
  return {};
}

bool Connection::wants_to_read() const {
  return (state_ == State::open && on_bytes_ && !paused_) ||
         (state_ == State::lingering && said_end_);
}

void Connection::want_read() {
  if (read_waits_ || !wants_to_read()) return;
  read_waits_ = true;
  waiter_->wait_readable(shared_from_this());
}

void Connection::set_on_bytes(std::function<void(std::string_view)> callback) {
  if (state_ != State::open) return;
  on_bytes_ = std::make_shared<std::function<void(std::string_view)>>(std::move(callback));
  want_read();
}

void Connection::set_on_closed(std::function<void(const Error&)> callback) {
  if (state_ != State::open && !failure_) return;
  on_closed_ = std::make_shared<std::function<void(const Error&)>>(std::move(callback));
  if (!failure_) return;
  loop_.post([self = shared_from_this()] {
    if (const auto told = std::exchange(self->on_closed_, nullptr)) (*told)(*self->failure_);
  });
}

void Connection::mark_dirty() {
  if (std::exchange(dirty_, true)) return;
  loop_.flush_later(shared_from_this());
}

void Connection::write(std::string bytes) {
  if (state_ != State::open || write_broken_ || bytes.empty()) return;
  queue_.add(std::move(bytes));
  mark_dirty();
}

void Connection::append(std::string_view bytes) {
  if (state_ != State::open || write_broken_ || bytes.empty()) return;
  queue_.gather(bytes);
  mark_dirty();
}

void Connection::pause_reading(bool paused) {
  paused_ = paused;
  if (state_ == State::open) want_read();
}

/// False when the stream was closed or paused meanwhile.
bool Connection::deliver(std::string_view bytes) {
  if (state_ == State::lingering) return true;  // heard, and of no interest any more
  const auto callback = on_bytes_;
  (*callback)(bytes);
  return wants_to_read();
}

void Connection::on_readable() {
  read_waits_ = false;
  if (!wants_to_read()) return;
  const auto buffer = loop_.read_buffer();
  for (int i = 0; i < reads_per_event; ++i) {
    const auto count = ::recv(waiter_->fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) return fail_with(system_error(peer_text_, errno).message);
    if (count == 0) return fail_with(peer_text_ + " closed the connection");
    if (!deliver({buffer.data(), static_cast<std::size_t>(count)})) return;
    if (static_cast<std::size_t>(count) < buffer.size()) break;
  }
  want_read();
}

void Connection::write_queue() {
  const int error = queue_.write_to(waiter_->fd());
  if (error == EAGAIN) {
    if (!std::exchange(write_waits_, true)) waiter_->wait_writable(shared_from_this());
  } else if (error != 0) {
    on_write_error(error);
  }
}

/// What the peer said before it went is still to be read: the read side reports the end then.
void Connection::on_write_error(int error) {
  write_broken_ = true;
  queue_.clear();
  if (!read_waits_) fail_with(system_error(peer_text_, error).message);
}

void Connection::at_flush() {
  dirty_ = false;
  if (state_ == State::closed || write_waits_) return;
  const auto self = shared_from_this();
  write_queue();
  if (state_ == State::lingering && queue_.is_empty()) finish_lingering();
}

void Connection::on_writable() {
  write_waits_ = false;
  at_flush();
}

void Connection::close(bool after_flush) {
  if (state_ == State::closed) return;
  on_bytes_ = nullptr;
  on_closed_ = nullptr;
  if (!after_flush || write_broken_) return shut();
  if (std::exchange(state_, State::lingering) == State::lingering) return;
  loop_.after(linger_max, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->shut();
  });
  mark_dirty();
}

/// Closing with bytes unread would make the peer lose what we sent last; so we hear it out.
void Connection::finish_lingering() {
  if (write_broken_ || ::shutdown(waiter_->fd(), SHUT_WR) != 0) return shut();
  said_end_ = true;
  want_read();
}

void Connection::fail_with(std::string reason) {
  const bool tell = state_ == State::open;
  shut();
  if (!tell) return;
  failure_ = Error{Code::unreachable, std::move(reason)};
  on_bytes_ = nullptr;
  if (const auto told = std::exchange(on_closed_, nullptr)) (*told)(*failure_);
}

void Connection::shut() {
  if (std::exchange(state_, State::closed) == State::closed) return;
  queue_.clear();
  waiter_->close();
}

/// The owner's end: what it drops is closed.
class SocketStream : public Stream {
 public:
  explicit SocketStream(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  ~SocketStream() override {
    if (!closing_) connection_->close(false);
  }

  void on_bytes(std::function<void(std::string_view)> callback) override {
    connection_->set_on_bytes(std::move(callback));
  }

  void on_closed(std::function<void(const Error&)> callback) override {
    connection_->set_on_closed(std::move(callback));
  }

  void write(std::string bytes) override { connection_->write(std::move(bytes)); }

  void append(std::string_view bytes) override { connection_->append(bytes); }

  std::size_t queued_bytes() const override { return connection_->queued_bytes(); }

  void pause_reading(bool paused) override { connection_->pause_reading(paused); }

  void close(bool after_flush) override {
    closing_ = true;
    connection_->close(after_flush);
  }

  Credentials credentials() const override {
    const auto& ids = connection_->ids();
    return {ids.uid, ids.gid, ids.pid, ids.known};
  }

  std::string peer_text() const override { return connection_->peer_text(); }

 private:
  std::shared_ptr<Connection> connection_;
  bool closing_ = false;
};

}  // namespace

Result<std::unique_ptr<Stream>> make_stream(LoopCore& loop, Descriptor fd) {
  auto connection = std::make_shared<Connection>(loop);
  if (const auto opened = connection->open(std::move(fd)); !opened) return Failure(opened.error());
  return std::make_unique<SocketStream>(std::move(connection));
}

}  // namespace cox::platform
