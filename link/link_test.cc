// Links over real sockets: both ends in one loop, or a blocking client against a daemon's loop.
#include "link/link.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

#include "link/client_link.h"
#include "platform/open_descriptors.h"
#include "platform/random.h"
#include "platform/scratch_dir.h"
#include "platform/socket.h"

namespace cox::link {
namespace {

using platform::Address;

struct LinkTest : public ::testing::Test {
  platform::ScratchDir dir;
  std::unique_ptr<platform::Loop> loop = *platform::Loop::open();
  std::string key = platform::random_bytes(32);
  std::shared_ptr<Link> near, far;
  std::vector<std::string> refused;

  void TearDown() override { drop(); }

  void drop() {
    near.reset();
    far.reset();
    loop.reset();
  }

  void run() {
    bool gave_up = false;
    const auto guard = loop->after(seconds(20), [&] {
      gave_up = true;
      loop->stop();
    });
    loop->run();
    loop->cancel(guard);
    ASSERT_FALSE(gave_up);
  }

  Address unix_address() { return Address{dir / "sock", {}, 0}; }

  static Address tcp_address() { return Address{{}, "127.0.0.1", 0}; }

  Trust trust() {
    Trust trust;
    trust.key = key;
    return trust;
  }

  Address listen_at(const Address& address, const Trust& trust) {
    const auto at = listen(
        *loop, address, 0600, trust,
        [this](std::shared_ptr<Link> link) {
          far = std::move(link);
          if (near) loop->stop();
        },
        [this](const Error& error) {
          refused.push_back(error.message);
          loop->stop();
        });
    EXPECT_TRUE(at) << at.error().message;
    return *at;
  }

  void connect_to(const Address& address, const Trust& trust) {
    connect(*loop, address, trust, wire::PEER_NODE, "n001", seconds(5),
            [this](Result<std::shared_ptr<Link>> link) {
              ASSERT_TRUE(link) << link.error().message;
              near = *std::move(link);
              if (far) loop->stop();
            });
  }

  /// A daemon's echo: every frame comes back.
  void echo(const std::shared_ptr<Link>& link) {
    link->on_frames([raw = link.get()](std::vector<std::string> frames) {
      for (const auto& frame : frames) raw->send(frame);
    });
  }
};

TEST_F(LinkTest, opens_over_tcp_with_the_cluster_key) {
  connect_to(listen_at(tcp_address(), trust()), trust());
  run();
  EXPECT_EQ(far->peer().kind, wire::PEER_NODE);
  EXPECT_EQ(far->peer().name, "n001");
  EXPECT_EQ(far->peer().auth, wire::AUTH_KEY);
  EXPECT_EQ(near->peer().auth, wire::AUTH_KEY);
}

TEST_F(LinkTest, opens_over_a_unix_socket_with_peer_credentials) {
  connect_to(listen_at(unix_address(), Trust{}), Trust{});
  run();
  EXPECT_EQ(far->peer().auth, wire::AUTH_PEERCRED);
  EXPECT_EQ(far->peer().uid, ::geteuid());
}

TEST_F(LinkTest, carries_many_frames_in_order_both_ways) {
  connect_to(listen_at(tcp_address(), trust()), trust());
  run();
  echo(far);
  int next = 0;
  near->on_frames([&](std::vector<std::string> frames) {
    for (const auto& frame : frames) EXPECT_EQ(frame, std::to_string(next++));
    if (next == 50'000) loop->stop();
  });
  for (int i = 0; i < 50'000; ++i) near->send(std::to_string(i));
  run();
  EXPECT_EQ(next, 50'000);
}

TEST_F(LinkTest, carries_a_frame_of_the_largest_size) {
  connect_to(listen_at(unix_address(), Trust{}), Trust{});
  run();
  const std::string large(wire::frame_bytes_max, 'x');
  bool same = false;
  far->on_frames([&](std::vector<std::string> frames) {
    same = frames.size() == 1 && frames[0] == large;
    loop->stop();
  });
  near->send(large);
  run();
  EXPECT_TRUE(same);
}

TEST_F(LinkTest, a_message_over_the_limit_ends_the_link_and_says_so) {
  connect_to(listen_at(unix_address(), Trust{}), Trust{});
  run();
  std::string told;
  near->on_closed([&](const Error& error) {
    told = error.message;
    loop->stop();
  });
  near->send(std::string(wire::frame_bytes_max + 1, 'x'));
  EXPECT_EQ(told, "");
  run();
  EXPECT_EQ(told, "a message of 67108865 bytes is over the limit of 67108864");
}

TEST_F(LinkTest, both_sides_say_that_the_keys_differ) {
  const auto at = listen_at(tcp_address(), trust());
  auto wrong = trust();
  wrong.key = platform::random_bytes(32);
  std::string told;
  connect(*loop, at, wrong, wire::PEER_NODE, "n1", seconds(5),
          [&](Result<std::shared_ptr<Link>> link) {
            ASSERT_FALSE(link);
            told = link.error().message;
            if (!refused.empty()) loop->stop();
          });
  while (told.empty() || refused.empty()) run();
  EXPECT_NE(told.find("refused: the keys differ"), std::string::npos) << told;
  EXPECT_NE(refused[0].find("the keys differ"), std::string::npos) << refused[0];
  EXPECT_FALSE(far);
}

TEST_F(LinkTest, frames_sent_when_a_link_opens_are_not_lost) {
  const auto at = listen(
      *loop, unix_address(), 0600, Trust{},
      [&](std::shared_ptr<Link> link) {
        far = std::move(link);
        far->send("greeting");
      },
      [](const Error&) {});
  ASSERT_TRUE(at);
  std::vector<std::string> got;
  connect(*loop, *at, Trust{}, wire::PEER_NODE, "n1", seconds(5),
          [&](Result<std::shared_ptr<Link>> link) {
            ASSERT_TRUE(link);
            near = *std::move(link);
            // Taken up a turn later than it can arrive.
            loop->after(milliseconds(1), [&] {
              near->on_frames([&](std::vector<std::string> frames) {
                got = std::move(frames);
                loop->stop();
              });
            });
          });
  run();
  EXPECT_EQ(got, std::vector<std::string>{"greeting"});
}

TEST_F(LinkTest, a_callback_may_close_and_drop_its_link) {
  connect_to(listen_at(unix_address(), Trust{}), Trust{});
  run();
  int frames_seen = 0;
  far->on_frames([&](std::vector<std::string>) {
    ++frames_seen;
    far->send("bye");
    far->close(true);
    far.reset();
  });
  std::vector<std::string> got;
  near->on_frames([&](std::vector<std::string> frames) { got = std::move(frames); });
  near->on_closed([&](const Error&) { loop->stop(); });
  near->send("one");
  run();
  EXPECT_EQ(frames_seen, 1);
  EXPECT_EQ(got, std::vector<std::string>{"bye"});
}

TEST_F(LinkTest, a_slow_reader_shows_as_queued_bytes) {
  connect_to(listen_at(unix_address(), Trust{}), Trust{});
  run();
  far->stream().pause_reading(true);
  for (int i = 0; i < 100; ++i) near->send(std::string(1U << 20U, 'x'));
  EXPECT_GT(near->stream().queued_bytes(), 90U << 20U);
}

TEST_F(LinkTest, adopted_pairs_need_no_handshake) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  near = *adopt(*loop, ends[0]);
  far = *adopt(*loop, ends[1]);
  std::string got;
  far->on_frames([&](std::vector<std::string> frames) {
    got = frames[0];
    loop->stop();
  });
  near->send("plan");
  run();
  EXPECT_EQ(got, "plan");
}

TEST_F(LinkTest, strangers_at_a_step_endpoint_must_show_the_key) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  auto step = trust();
  step.key_on_unix = true;
  const auto at = listen_at(unix_address(), step);
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(at.path.c_str(), 0666), 0);
  // Threads share their user in glibc; the plain system call changes only this one.
  std::string without, with;
  std::thread stranger([&] {
    ASSERT_EQ(::syscall(SYS_setresuid, 65534, 65534, 65534), 0);
    auto denied = ClientLink::connect(at, {}, seconds(5));
    const auto answer = denied->receive(seconds(5));
    without = answer ? "opened" : answer.error().message;
    const auto allowed = ClientLink::connect(at, key, seconds(5));
    with = allowed ? "opened" : allowed.error().message;
    loop->post([&] { loop->stop(); });
  });
  while (with.empty()) run();
  stranger.join();
  EXPECT_NE(without.find("the other side asks for the cluster's key"), std::string::npos)
      << without;
  EXPECT_EQ(with, "opened");
}

TEST_F(LinkTest, a_stream_of_garbage_is_refused_and_counted) {
  const auto at = listen_at(tcp_address(), trust());
  std::vector<platform::Descriptor> sockets;
  for (int i = 0; i < 20; ++i) {
    auto fd = platform::connect_blocking(at, seconds(5));
    ASSERT_TRUE(fd);
    const std::string http = "GET / HTTP/1.1\r\n\r\n";
    ASSERT_EQ(::send(fd->get(), http.data(), http.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(http.size()));
    sockets.push_back(*std::move(fd));
  }
  run();
  ASSERT_EQ(refused.size(), 1U);  // the others fall into the same second
  EXPECT_NE(refused[0].find("bytes is over the limit of 16384"), std::string::npos) << refused[0];
}

TEST_F(LinkTest, a_silent_peer_ends_the_attempt_at_its_time_out) {
  const platform::Address silent{dir / "silent", {}, 0};
  const auto listener = platform::open_listener(silent, 0600);
  ASSERT_TRUE(listener);
  Code code = Code::internal;
  connect(*loop, silent, Trust{}, wire::PEER_NODE, "n1", milliseconds(20),
          [&](Result<std::shared_ptr<Link>> link) {
            ASSERT_FALSE(link);
            code = link.error().code;
            loop->stop();
          });
  run();
  EXPECT_EQ(code, Code::timed_out);
}

TEST_F(LinkTest, a_loop_may_end_in_the_middle_of_handshakes) {
  const auto before = platform::open_descriptors();
  const auto at = listen_at(unix_address(), Trust{});
  connect_to(at, Trust{});
  loop->post([&] { loop->stop(); });
  run();
  EXPECT_GT(platform::open_descriptors(), before);
  EXPECT_EQ(near, nullptr);
  drop();
  EXPECT_EQ(platform::open_descriptors(), before);
}

/// The blocking client on a thread of its own, the daemon's loop on this one.
struct ClientTest : public LinkTest {
  template <class Work>
  void with_client(Work work) {
    std::thread client([&] {
      work();
      loop->post([this] { loop->stop(); });
    });
    run();
    client.join();
  }

  Address serve(const Address& address, const Trust& trust) {
    const auto at = listen(
        *loop, address, 0600, trust,
        [this](std::shared_ptr<Link> link) {
          echo(link);
          links.push_back(std::move(link));
        },
        [](const Error&) {});
    EXPECT_TRUE(at);
    return *at;
  }

  void TearDown() override {
    links.clear();
    drop();
  }

  std::vector<std::shared_ptr<Link>> links;
};

TEST_F(ClientTest, asks_and_is_answered) {
  const auto unix_at = serve(unix_address(), trust());
  const auto tcp_at = serve(tcp_address(), trust());
  with_client([&] {
    for (const auto& at : {unix_at, tcp_at}) {
      auto client = ClientLink::connect(at, at.is_unix() ? std::string() : key, seconds(5));
      ASSERT_TRUE(client) << client.error().message;
      for (int i = 0; i < 1000; ++i) ASSERT_TRUE(client->send(std::to_string(i)));
      for (int i = 0; i < 1000; ++i) {
        const auto answer = client->receive(seconds(5));
        ASSERT_TRUE(answer && *answer);
        ASSERT_EQ(**answer, std::to_string(i));
      }
    }
  });
}

TEST_F(ClientTest, large_messages_both_ways_do_not_block_each_other) {
  const auto at = serve(tcp_address(), trust());
  with_client([&] {
    auto client = ClientLink::connect(at, key, seconds(5));
    ASSERT_TRUE(client);
    const std::string large(8U << 20U, 'y');
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(client->send(large));
    for (int i = 0; i < 4; ++i) {
      const auto answer = client->receive(seconds(20));
      ASSERT_TRUE(answer && *answer);
      ASSERT_EQ(**answer, large);
    }
  });
}

TEST_F(ClientTest, hears_why_its_message_was_not_taken_over_each_kind_of_socket) {
  for (const bool is_tcp : {false, true}) {
    Trust trust = is_tcp ? this->trust() : Trust{};
    trust.frame_max = 1U << 20;
    trust.last_words = [](const wire::Peer&, const Error& error) { return "no: " + error.message; };
    const auto at = serve(is_tcp ? tcp_address() : unix_address(), trust);
    with_client([&] {
      auto client = ClientLink::connect(at, is_tcp ? key : "", seconds(5));
      ASSERT_TRUE(client);
      ASSERT_TRUE(client->send(std::string(8U << 20U, 'y')));
      const auto answer = client->receive(seconds(20));
      ASSERT_TRUE(answer && *answer) << answer.error().message;
      EXPECT_EQ(**answer, "no: a frame of 8388608 bytes is over the limit of 1048576");
      EXPECT_FALSE(client->receive(seconds(20)));
    });
  }
}

TEST_F(ClientTest, receives_nothing_at_the_time_out_and_can_go_on) {
  const auto at = serve(unix_address(), Trust{});
  with_client([&] {
    auto client = ClientLink::connect(at, {}, seconds(5));
    ASSERT_TRUE(client);
    const auto none = client->receive(Duration{0});
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
    ASSERT_TRUE(client->send("x"));
    pollfd ready{client->descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&ready, 1, 5000), 1);
    // Beside the welcome, which is no frame, the answer may come in a second piece.
    const auto answer = client->receive(seconds(5));
    ASSERT_TRUE(answer && *answer);
  });
}

TEST_F(ClientTest, a_closed_connection_is_unreachable) {
  const auto at = listen(
      *loop, unix_address(), 0600, Trust{},
      [](std::shared_ptr<Link> link) {
        link->send("last");
        link->close(true);
      },
      [](const Error&) {});
  ASSERT_TRUE(at);
  with_client([&] {
    auto client = ClientLink::connect(*at, {}, seconds(5));
    ASSERT_TRUE(client) << client.error().message;
    const auto last = client->receive(seconds(5));
    ASSERT_TRUE(last && *last);
    EXPECT_EQ(**last, "last");
    const auto end = client->receive(seconds(5));
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, Code::unreachable);
  });
}

TEST_F(ClientTest, says_what_is_wrong_with_the_key) {
  const auto at = serve(tcp_address(), trust());
  with_client([&] {
    const auto client = ClientLink::connect(at, std::string(32, 'x'), seconds(5));
    ASSERT_FALSE(client);
    EXPECT_EQ(client.error().message, at.text() + ": refused: the keys differ");
    EXPECT_EQ(client.error().code, Code::not_permitted);
  });
}

TEST_F(ClientTest, finds_nobody) {
  const auto client = ClientLink::connect(unix_address(), {}, seconds(1));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().message, unix_address().path + ": no such file or directory");
  EXPECT_EQ(client.error().code, Code::unreachable);
}

TEST_F(ClientTest, hundreds_of_connections_at_once_are_served) {
  const auto at = serve(unix_address(), Trust{});
  with_client([&] {
    std::vector<ClientLink> clients;
    for (int i = 0; i < 400; ++i) {
      auto client = ClientLink::connect(at, {}, seconds(10));
      ASSERT_TRUE(client) << client.error().message;
      clients.push_back(*std::move(client));
    }
    for (auto& client : clients) ASSERT_TRUE(client.send("x"));
    for (auto& client : clients) {
      const auto answer = client.receive(seconds(10));
      ASSERT_TRUE(answer && *answer);
    }
  });
}

/// A connection that sends a few bytes and no more.
platform::Descriptor half_a_hello(const Address& at) {
  auto fd = *platform::connect_blocking(at, seconds(5));
  EXPECT_EQ(::send(fd.get(), "\x10\0\0", 3, 0), 3);
  return fd;
}

bool is_closed(int fd) {
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

TEST_F(LinkTest, who_says_half_a_hello_and_falls_silent_is_closed) {
  Trust impatient;
  impatient.handshake_max = milliseconds(20);
  const auto silent = half_a_hello(listen_at(unix_address(), impatient));
  run();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_NE(refused[0].find("no handshake in time"), std::string::npos) << refused[0];
  EXPECT_TRUE(is_closed(silent.get()));
}

TEST_F(LinkTest, many_who_fall_silent_cost_one_line_and_keep_nobody_out) {
  Trust impatient;
  impatient.handshake_max = milliseconds(200);
  const auto at = listen_at(unix_address(), impatient);
  std::vector<platform::Descriptor> silent;
  for (int i = 0; i < 200; ++i) silent.push_back(half_a_hello(at));
  connect_to(at, Trust{});
  run();
  EXPECT_TRUE(near && far);
  // The next line may be a second away; all are closed when the last one is.
  while (!is_closed(silent.back().get())) {
    loop->after(milliseconds(20), [this] { loop->stop(); });
    loop->run();
  }
  for (const auto& fd : silent) EXPECT_TRUE(is_closed(fd.get()));
  EXPECT_LE(refused.size(), 2U);
}

TEST_F(LinkTest, who_comes_when_there_is_no_room_is_told_why) {
  Trust small;
  small.admission = std::make_shared<Admission>(1);
  const auto at = listen_at(unix_address(), small);
  connect_to(at, Trust{});
  run();
  ASSERT_TRUE(near && far);
  std::string told;
  connect(*loop, at, Trust{}, wire::PEER_CLIENT, "", seconds(5),
          [&](Result<std::shared_ptr<Link>> link) {
            ASSERT_FALSE(link);
            told = link.error().message;
            loop->stop();
          });
  run();
  while (told.empty()) run();
  EXPECT_NE(told.find("too many connections: the limit of this daemon is 1"), std::string::npos)
      << told;
  near->close();
  far.reset();
  near.reset();
  loop->after(milliseconds(1), [this] { loop->stop(); });
  run();
  EXPECT_EQ(small.admission->taken(), 0U);
}

TEST_F(LinkTest, what_a_peer_leaves_unfinished_is_counted) {
  connect_to(listen_at(unix_address(), Trust{}), Trust{});
  run();
  const std::string large(1U << 20, 'x');
  EXPECT_EQ(far->held_bytes(), 0U);
  near->stream().write(std::string("\0\0\x20\0", 4) + large);  // half of 2 MiB
  while (far->held_bytes() < large.size()) {
    loop->after(milliseconds(1), [this] { loop->stop(); });
    loop->run();
  }
  EXPECT_EQ(far->held_bytes(), large.size());
}

}  // namespace
}  // namespace cox::link
