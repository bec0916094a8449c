// The node's socket between a real client and a controller played by the test, all in one loop.
#include "noded/forward.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "platform/random.h"
#include "platform/scratch_dir.h"
#include "wire/client.pb.h"

namespace cox::noded {
namespace {

constexpr Duration forward_watchdog = seconds(30);
using LinkPtr = std::shared_ptr<link::Link>;

class Forwarding : public ::testing::Test {
 protected:
  /// One end of a connection, with what it heard.
  struct End {
    LinkPtr link;
    std::vector<std::string> frames;
    bool is_closed = false;

    void take(LinkPtr opened) {
      link = std::move(opened);
      link->on_frames([this](std::vector<std::string> more) {
        frames.insert(frames.end(), more.begin(), more.end());
      });
      link->on_closed([this](const Error&) { is_closed = true; });
    }
  };

  void SetUp() override {
    trust_.key = platform::random_bytes(32);
    loop_->after(forward_watchdog, [this] {
      is_late_ = true;
      loop_->stop();
    });
  }

  void TearDown() override {
    forward_.reset();
    controllers_.clear();
    loop_.reset();
  }

  void start_controller() {
    const auto at = link::listen(
        *loop_, {"", "127.0.0.1", 0}, 0, trust_,
        [this](LinkPtr link) {
          controllers_.push_back(std::make_unique<End>());
          controllers_.back()->take(std::move(link));
        },
        [](const Error& error) { ADD_FAILURE() << error.message; });
    ASSERT_TRUE(at) << at.error().message;
    controller_at_ = *at;
  }

  void start_forward() {
    RelayPlace place{controller_at_, trust_, "n1"};
    forward_ = std::make_unique<Forward>(*loop_, log_, std::move(place));
    const auto listening = forward_->listen(socket_.path);
    ASSERT_TRUE(listening) << listening.error().message;
  }

  void connect(End* end, wire::PeerKind kind = wire::PEER_CLIENT) {
    bool is_done = false;
    link::connect(*loop_, socket_, link::Trust{}, kind, "n1", seconds(5),
                  [&](Result<LinkPtr> link) {
                    is_done = true;
                    if (link) end->take(std::move(*link));
                  });
    ASSERT_TRUE(run_until([&] { return is_done; }));
    ASSERT_TRUE(end->link);
  }

  /// False when the forward_watchdog bit.
  bool run_until(std::function<bool()> done) {
    done_ = std::move(done);
    if (!done_()) loop_->after(milliseconds(1), [this] { look(); });
    while (!done_() && !is_late_) loop_->run();
    return !is_late_;
  }

  End& controller(std::size_t index = 0) { return *controllers_.at(index); }

  static std::optional<wire::ClientReply> only_reply(const End& end) {
    wire::ClientReply reply;
    if (end.frames.size() != 1 || !reply.ParseFromString(end.frames.front())) return std::nullopt;
    return reply;
  }

  platform::ScratchDir dir_;
  Log log_;
  std::unique_ptr<platform::Loop> loop_ = *platform::Loop::open();
  platform::Address socket_{dir_ / "noded-n1.sock", "", 0};
  platform::Address controller_at_{"", "127.0.0.1", 1};  // nobody listens there
  std::vector<std::unique_ptr<End>> controllers_;        // one for each connection

 private:
  void look() {
    if (done_()) return loop_->stop();
    loop_->after(milliseconds(1), [this] { look(); });
  }

  link::Trust trust_;
  std::unique_ptr<Forward> forward_;
  std::function<bool()> done_;
  bool is_late_ = false;
};

TEST_F(Forwarding, says_first_who_the_client_is_and_then_only_what_the_client_says) {
  start_controller();
  start_forward();
  End client;
  connect(&client);
  const std::string large(3U << 20, 'x');
  for (const std::string& frame : {std::string("one"), large, std::string()}) {
    client.link->send(frame);
  }
  ASSERT_TRUE(run_until([&] { return !controllers_.empty() && controller().frames.size() == 4; }));
  EXPECT_EQ(controller().link->peer().kind, wire::PEER_FORWARD);
  EXPECT_EQ(controller().link->peer().name, "n1");
  wire::Vouched vouched;
  ASSERT_TRUE(vouched.ParseFromString(controller().frames[0]));
  EXPECT_EQ(vouched.uid(), ::geteuid());
  EXPECT_EQ(vouched.gid(), ::getegid());
  EXPECT_EQ(controller().frames[1], "one");
  EXPECT_EQ(controller().frames[2], large);
  EXPECT_EQ(controller().frames[3], "");
  controller().link->send("answer");
  ASSERT_TRUE(run_until([&] { return !client.frames.empty(); }));
  EXPECT_EQ(client.frames, std::vector<std::string>{"answer"});
}

TEST_F(Forwarding, ends_one_side_when_the_other_ends_after_what_was_said_last) {
  start_controller();
  start_forward();
  End first, second;
  connect(&first);
  first.link->send("last words");
  ASSERT_TRUE(run_until([&] { return controllers_.size() == 1; }));
  first.link->close(true);
  ASSERT_TRUE(run_until([&] { return controller(0).is_closed; }));
  EXPECT_EQ(controller(0).frames.back(), "last words");
  connect(&second);
  ASSERT_TRUE(run_until([&] { return controllers_.size() == 2; }));
  controller(1).link->send("farewell");
  controller(1).link->close(true);
  ASSERT_TRUE(run_until([&] { return second.is_closed; }));
  EXPECT_EQ(second.frames, std::vector<std::string>{"farewell"});
}

TEST_F(Forwarding, without_a_controller_tells_the_client_so) {
  start_forward();
  End client;
  connect(&client);
  ASSERT_TRUE(run_until([&] { return client.is_closed; }));
  const auto reply = only_reply(client);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code(), static_cast<std::uint32_t>(Code::unreachable));
  EXPECT_TRUE(reply->error().message().starts_with("node n1: no controller: 127.0.0.1:1: "))
      << reply->error().message();
}

TEST_F(Forwarding, is_for_commands_only) {
  start_controller();
  start_forward();
  End node;
  connect(&node, wire::PEER_NODE);
  ASSERT_TRUE(run_until([&] { return node.is_closed; }));
  const auto reply = only_reply(node);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().message(), "node n1: only commands connect here");
  EXPECT_TRUE(controllers_.empty());
}

TEST_F(Forwarding, refuses_a_request_that_is_too_long_before_it_has_all_of_it) {
  start_controller();
  start_forward();
  End client;
  connect(&client);
  client.link->send(std::string(relayed_bytes_max + 1, 'x'));
  ASSERT_TRUE(run_until([&] { return client.is_closed; }));
  const auto reply = only_reply(client);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code(), static_cast<std::uint32_t>(Code::bad_usage));
  EXPECT_EQ(reply->error().message(),
            "node n1: a frame of 8388609 bytes is over the limit of 8388608 for commands inside a "
            "job: make it smaller, or ask the controller itself (--cluster)");
  ASSERT_TRUE(run_until([&] { return controllers_.empty() || controller().is_closed; }));
}

TEST_F(Forwarding, keeps_little_for_a_client_that_reads_nothing) {
  start_controller();
  start_forward();
  End client;
  connect(&client);
  client.link->send("a list, please");
  ASSERT_TRUE(run_until([&] { return !controllers_.empty() && controller().frames.size() == 2; }));
  client.link->stream().pause_reading(true);
  constexpr std::size_t slices = 48;
  const std::string slice(1U << 20, 's');
  for (std::size_t i = 0; i < slices; ++i) controller().link->send(slice);
  // The node stops reading: what the sockets and its own queues take is far less than the list.
  int looks = 0;
  std::size_t left = 0;
  ASSERT_TRUE(run_until([&] {
    const std::size_t now = controller().link->stream().queued_bytes();
    looks = now == left ? looks + 1 : 0;
    left = now;
    return looks >= 50;
  }));
  EXPECT_GT(left, slices / 2 * slice.size());
  client.link->stream().pause_reading(false);
  ASSERT_TRUE(run_until([&] { return client.frames.size() == slices; }));
  EXPECT_EQ(client.frames.back(), slice);
}

TEST_F(Forwarding, refuses_one_user_more_connections_than_the_limit_until_one_ends) {
  start_controller();
  start_forward();
  std::vector<std::unique_ptr<End>> clients;
  for (unsigned i = 0; i <= relays_of_user_max; ++i) {
    clients.push_back(std::make_unique<End>());
    connect(clients.back().get());
  }
  End& refused = *clients.back();
  ASSERT_TRUE(run_until([&] { return refused.is_closed; }));
  const auto reply = only_reply(refused);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().message(), "node n1: 128 commands of uid " +
                                          std::to_string(::geteuid()) +
                                          " are connected, which is the limit");
  ASSERT_TRUE(run_until([&] { return controllers_.size() == relays_of_user_max; }));
  clients.front()->link->close();
  ASSERT_TRUE(run_until([&] {
    return std::any_of(controllers_.begin(), controllers_.end(),
                       [](const auto& end) { return end->is_closed; });
  }));
  End next;
  connect(&next);
  next.link->send("at last");
  ASSERT_TRUE(run_until([&] {
    return controllers_.size() == relays_of_user_max + 1 && controllers_.back()->frames.size() == 2;
  }));
}

}  // namespace
}  // namespace cox::noded
