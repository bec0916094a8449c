// Framed connections of a daemon: the handshake with its time limit, then frames both ways.
#include "link/link.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "link/handshake.h"

namespace cox::link {
namespace {

// How long a peer that is refused has to take the reason.
constexpr Duration farewell_max = seconds(5);
// Above this a payload's buffer is handed over instead of copied.
constexpr std::size_t copy_bytes_max = 16U << 10;

class SocketLink : public Link, public std::enable_shared_from_this<SocketLink> {
 public:
  using Done = std::function<void(Result<std::shared_ptr<Link>>)>;

  SocketLink(platform::Loop& loop,
             std::unique_ptr<platform::Stream> stream,
             wire::Channel channel,
             const Trust& trust = {},
             Admission::Seat seat = nullptr)
      : seat_(std::move(seat)),
        last_words_(trust.last_words),
        loop_(loop),
        stream_(std::move(stream)),
        channel_(std::move(channel)) {}

  /// `done` runs once, from the loop; until then the timer keeps the link.
  void shake_hands(Duration time_out, Done done);
  /// For links that need no handshake.
  void start();

  void on_frames(std::function<void(std::vector<std::string>)> callback) override;
  void on_closed(std::function<void(const Error&)> callback) override;
  void send(std::string_view payload) override;
  void close(bool after_flush) override;

  const wire::Peer& peer() const override { return channel_.peer(); }

  platform::Stream& stream() override { return *stream_; }

  std::size_t held_bytes() const override {
    return stream_->queued_bytes() + channel_.unfinished_bytes();
  }

 private:
  void take_bytes(std::string_view bytes);
  void flush_channel();
  void deliver(std::vector<std::string> frames);
  void end_with(const Error& error);
  void finish_handshake(Result<std::shared_ptr<Link>> result);

  Admission::Seat seat_;  // first: given back after the stream is gone
  std::function<std::string(const wire::Peer&, const Error&)> last_words_;
  platform::Loop& loop_;
  std::unique_ptr<platform::Stream> stream_;
  wire::Channel channel_;
  // Held by pointer: a callback may replace or drop itself while it runs.
  std::shared_ptr<std::function<void(std::vector<std::string>)>> on_frames_;
  std::shared_ptr<std::function<void(const Error&)>> on_closed_;
  Done done_;  // set while shaking hands
  platform::TimerId timer_ = 0;
  std::vector<std::string> early_;  // frames that came before anybody took them
  std::optional<Error> ended_;      // the peer's end, before anybody asked to be told
  bool closed_ = false;
};

void SocketLink::start() {
  // The stream is ours and silent once it is closed, so `this` outlives its callbacks.
  stream_->on_closed([this](const Error& error) {
    const auto keep = shared_from_this();
    end_with(error);
  });
  stream_->on_bytes([this](std::string_view bytes) {
    const auto keep = shared_from_this();
    take_bytes(bytes);
  });
  flush_channel();
}

void SocketLink::shake_hands(Duration time_out, Done done) {
  done_ = std::move(done);
  timer_ = loop_.after(time_out, [self = shared_from_this()] {
    self->end_with(Error{Code::timed_out, self->stream_->peer_text() + ": no handshake in time"});
  });
  start();
}

void SocketLink::finish_handshake(Result<std::shared_ptr<Link>> result) {
  const auto keep = shared_from_this();
  loop_.cancel(timer_);
  if (const auto done = std::exchange(done_, nullptr)) done(std::move(result));
}

void SocketLink::take_bytes(std::string_view bytes) {
  std::vector<std::string> frames;
  const auto good = channel_.receive(bytes, &frames);
  flush_channel();
  if (done_ && channel_.is_open()) finish_handshake(shared_from_this());
  if (!frames.empty()) deliver(std::move(frames));
  if (good) return;
  if (last_words_) {
    channel_.send_last(last_words_(channel_.peer(), good.error()));
    flush_channel();
  }
  end_with(good.error().with_context(stream_->peer_text()));
}

void SocketLink::deliver(std::vector<std::string> frames) {
  if (closed_) return;
  if (const auto callback = on_frames_) {
    (*callback)(std::move(frames));
    return;
  }
  early_.insert(early_.end(), std::make_move_iterator(frames.begin()),
                std::make_move_iterator(frames.end()));
}

void SocketLink::on_frames(std::function<void(std::vector<std::string>)> callback) {
  if (closed_ && early_.empty()) return;
  on_frames_ = std::make_shared<std::function<void(std::vector<std::string>)>>(std::move(callback));
  if (early_.empty()) return;
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->early_.empty()) self->deliver(std::exchange(self->early_, {}));
  });
}

void SocketLink::on_closed(std::function<void(const Error&)> callback) {
  if (closed_ && !ended_) return;
  on_closed_ = std::make_shared<std::function<void(const Error&)>>(std::move(callback));
  if (!ended_) return;
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    if (const auto told = std::exchange(self->on_closed_, nullptr)) (*told)(*self->ended_);
  });
}

void SocketLink::flush_channel() {
  auto& output = channel_.output();
  if (output.empty() || closed_) return;
  if (output.size() > copy_bytes_max) {
    stream_->write(channel_.take_output());
    return;
  }
  stream_->append(output);
  output.clear();
}

void SocketLink::send(std::string_view payload) {
  if (closed_) return;
  channel_.send(payload);
  flush_channel();
  if (channel_.status()) return;
  loop_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->end_with(self->channel_.status().error());
  });
}

/// The connection is over by the peer, the system or a broken rule; what we owe the peer still
/// goes.
void SocketLink::end_with(const Error& error) {
  if (std::exchange(closed_, true)) return;
  stream_->close(true);
  if (done_) return finish_handshake(Failure(error));
  ended_ = error;
  on_frames_ = nullptr;
  if (const auto told = std::exchange(on_closed_, nullptr)) (*told)(error);
}

void SocketLink::close(bool after_flush) {
  const auto keep = shared_from_this();
  on_frames_ = nullptr;
  on_closed_ = nullptr;
  ended_.reset();
  early_.clear();
  if (!closed_) flush_channel();
  closed_ = true;
  stream_->close(after_flush);
}

/// Before any hello: the answer to it says why there is no room.
void turn_away(platform::Loop& loop,
               Admission& admission,
               std::unique_ptr<platform::Stream> stream,
               const std::string& why) {
  auto seat = admission.take_farewell();
  if (!seat) return;
  stream->write(wire::refusal_of_hello(why));
  stream->close(true);
  loop.after(farewell_max, [seat, stream = std::shared_ptr(std::move(stream))] {});
}

}  // namespace

Result<platform::Address> listen(platform::Loop& loop,
                                 const platform::Address& address,
                                 unsigned mode,
                                 Trust trust,
                                 std::function<void(std::shared_ptr<Link>)> opened,
                                 std::function<void(const Error&)> refused) {
  const auto log = std::make_shared<RefusalLog>(loop, std::move(refused));
  const auto finish = [log, opened = std::move(opened)](Result<std::shared_ptr<Link>> link) {
    if (!link) return log->add(link.error());
    opened(*std::move(link));
  };
  return loop.listen(
      address, mode,
      [&loop, log, finish, trust = std::move(trust)](std::unique_ptr<platform::Stream> stream) {
        Result<Admission::Seat> seat;
        if (trust.admission) seat = trust.admission->take(stream->credentials());
        if (!seat) {
          log->add(seat.error());
          return turn_away(loop, *trust.admission, std::move(stream), seat.error().message);
        }
        auto channel = wire::Channel::accepting(accepting_options(trust, stream->credentials()));
        std::make_shared<SocketLink>(loop, std::move(stream), std::move(channel), trust,
                                     *std::move(seat))
            ->shake_hands(trust.handshake_max, finish);
      });
}

void connect(platform::Loop& loop,
             const platform::Address& address,
             Trust trust,
             wire::PeerKind kind,
             const std::string& name,
             Duration time_out,
             std::function<void(Result<std::shared_ptr<Link>>)> done) {
  const auto deadline = loop.monotonic() + time_out;
  loop.connect(address, time_out,
               [&loop, address, trust = std::move(trust), kind, name, deadline,
                done = std::move(done)](Result<std::unique_ptr<platform::Stream>> stream) {
                 if (!stream) return done(Failure(stream.error()));
                 auto options = connecting_options(trust, **stream);
                 options.kind = kind;
                 options.name = name;
                 const auto left = std::max<std::int64_t>(0, deadline.us - loop.monotonic().us);
                 std::make_shared<SocketLink>(loop, *std::move(stream),
                                              wire::Channel::connecting(std::move(options)))
                     ->shake_hands(Duration{left}, done);
               });
}

Result<std::shared_ptr<Link>> adopt(platform::Loop& loop, int fd) {
  auto stream = loop.adopt(fd);
  if (!stream) return Failure(stream.error());
  auto link = std::make_shared<SocketLink>(loop, *std::move(stream), wire::Channel::trusted());
  link->start();
  return link;
}

}  // namespace cox::link
