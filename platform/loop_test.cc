// The loop with real sockets, processes and signals of this machine.
#include "platform/loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <vector>

#include "platform/scratch_dir.h"
#include "platform/socket.h"

namespace cox::platform {
namespace {

/// A loop that gives up, so that a broken test fails instead of hanging.
struct LoopTest : public ::testing::Test {
  ScratchDir dir;
  std::unique_ptr<Loop> loop = *Loop::open();
  bool gave_up = false;

  void run() {
    const auto guard = loop->after(seconds(20), [this] {
      gave_up = true;
      loop->stop();
    });
    loop->run();
    loop->cancel(guard);
    EXPECT_FALSE(gave_up);
  }

  Address unix_address(const std::string& name = "sock") {
    return Address{dir.path() + "/" + name, {}, 0};
  }

  /// Both ends of a connection to `address`; runs the loop until they are there.
  std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> pair_at(const Address& address) {
    std::unique_ptr<Stream> near, far;
    const auto at = loop->listen(address, 0600, [&](std::unique_ptr<Stream> stream) {
      far = std::move(stream);
      if (near) loop->stop();
    });
    EXPECT_TRUE(at) << at.error().message;
    loop->connect(*at, seconds(5), [&](Result<std::unique_ptr<Stream>> stream) {
      EXPECT_TRUE(stream) << stream.error().message;
      near = *std::move(stream);
      if (far) loop->stop();
    });
    run();
    return {std::move(near), std::move(far)};
  }
};

TEST_F(LoopTest, posts_from_another_thread) {
  int done = 0;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      loop->post([&] {
        if (++done == 1000) loop->stop();
      });
    }
  });
  run();
  other.join();
  EXPECT_EQ(done, 1000);
}

TEST_F(LoopTest, runs_timers_in_order_and_cancels_them) {
  std::string order;
  loop->after(milliseconds(2), [&] {
    order += "b";
    loop->stop();
  });
  loop->after(milliseconds(1), [&] { order += "a"; });
  const auto cancelled = loop->after(milliseconds(0), [&] { order += "x"; });
  loop->cancel(cancelled);
  loop->cancel(4711);
  const auto never = loop->after(duration_unlimited, [&] { order += "y"; });
  run();
  loop->cancel(never);
  EXPECT_EQ(order, "ab");
}

TEST_F(LoopTest, ends_a_turn_once_after_all_that_was_ready) {
  std::string order;
  for (int i = 0; i < 3; ++i) {
    loop->post([&] {
      order += "e";
      if (order == "e") {
        loop->at_end_of_turn([&] {
          order += "|";
          loop->at_end_of_turn([&] {
            order += "!";
            loop->stop();
          });
        });
      }
    });
  }
  run();
  EXPECT_EQ(order, "eee|!");
}

TEST_F(LoopTest, carries_many_messages_both_ways_over_tcp) {
  auto [near, far] = pair_at(Address{{}, "127.0.0.1", 0});
  std::size_t at_near = 0, at_far = 0;
  constexpr std::size_t total = 200'000 * 10;
  far->on_bytes([&, stream = far.get()](std::string_view bytes) {
    at_far += bytes.size();
    stream->append(bytes);
  });
  near->on_bytes([&](std::string_view bytes) {
    at_near += bytes.size();
    if (at_near == total) loop->stop();
  });
  for (int i = 0; i < 200'000; ++i) near->append("0123456789");
  EXPECT_EQ(near->queued_bytes(), total);
  run();
  EXPECT_EQ(at_far, total);
  EXPECT_EQ(near->queued_bytes(), 0U);
  EXPECT_FALSE(far->credentials().known);
}

TEST_F(LoopTest, keeps_the_order_of_small_and_large_writes) {
  auto [near, far] = pair_at(unix_address());
  std::string sent, got;
  for (int i = 0; i < 200; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 7 == 0 ? 300'000 : i),
                            static_cast<char>('a' + i % 26));
    sent += piece;
    i % 2 == 0 ? near->write(piece) : near->append(piece);
  }
  far->on_bytes([&](std::string_view bytes) {
    got += bytes;
    if (got.size() >= sent.size()) loop->stop();
  });
  run();
  EXPECT_EQ(got, sent);
}

TEST_F(LoopTest, writes_a_turn_at_once) {
  auto [near, far] = pair_at(unix_address());
  std::vector<std::size_t> reads;
  far->on_bytes([&](std::string_view bytes) {
    reads.push_back(bytes.size());
    loop->stop();
  });
  loop->post([&] {
    for (int i = 0; i < 100; ++i) near->append("frame");
  });
  run();
  EXPECT_EQ(reads, std::vector<std::size_t>{500});
}

TEST_F(LoopTest, tells_who_is_at_a_unix_socket) {
  auto [near, far] = pair_at(unix_address());
  ASSERT_TRUE(far->credentials().known);
  EXPECT_EQ(far->credentials().uid, ::geteuid());
  EXPECT_EQ(far->credentials().pid, ::getpid());
}

TEST_F(LoopTest, tells_the_end_once_and_only_to_who_did_not_close) {
  auto [near, far] = pair_at(unix_address());
  int near_told = 0;
  near->on_bytes([](std::string_view) {});
  near->on_closed([&](const Error& error) {
    ++near_told;
    EXPECT_EQ(error.code, Code::unreachable);
    loop->stop();
  });
  far->on_bytes([](std::string_view) {});
  far->on_closed([](const Error&) { ADD_FAILURE(); });
  loop->post([&] { far->close(); });
  run();
  EXPECT_EQ(near_told, 1);
}

TEST_F(LoopTest, a_callback_may_close_and_destroy_its_stream) {
  auto [near, far] = pair_at(unix_address());
  int calls = 0;
  near->on_closed([&](const Error&) { loop->stop(); });
  near->on_bytes([](std::string_view) {});
  far->on_bytes([&, text = std::string(100, 'x')](std::string_view) {
    ++calls;
    far.reset();
    EXPECT_EQ(text.size(), 100U);  // the callback itself is still there
  });
  near->write("one");
  run();
  EXPECT_EQ(calls, 1);
}

TEST_F(LoopTest, closes_after_the_queue_is_written) {
  auto [near, far] = pair_at(Address{{}, "127.0.0.1", 0});
  std::size_t got = 0;
  constexpr std::size_t size = 8U << 20;
  near->on_bytes([&](std::string_view bytes) { got += bytes.size(); });
  near->on_closed([&](const Error&) { loop->stop(); });
  near->write("the other side has not read this when it closes");
  loop->post([&, stream = far.get()] {
    stream->write(std::string(size, 'x'));
    stream->close(true);
  });
  run();
  EXPECT_EQ(got, size);
}

TEST_F(LoopTest, paused_reading_holds_the_peer_back) {
  auto [near, far] = pair_at(unix_address());
  std::size_t got = 0;
  constexpr std::size_t size = 16U << 20;
  far->on_bytes([&](std::string_view bytes) {
    got += bytes.size();
    if (got == bytes.size()) {
      far->pause_reading(true);
      loop->post([&] {
        EXPECT_GT(near->queued_bytes(), 0U);
        far->pause_reading(false);
      });
    }
    if (got == size) loop->stop();
  });
  near->write(std::string(size, 'x'));
  run();
  EXPECT_EQ(got, size);
}

TEST_F(LoopTest, a_refused_connection_names_address_and_reason) {
  std::string text;
  loop->connect(unix_address("none"), seconds(5), [&](Result<std::unique_ptr<Stream>> stream) {
    ASSERT_FALSE(stream);
    text = stream.error().message;
    EXPECT_EQ(stream.error().code, Code::unreachable);
    loop->stop();
  });
  EXPECT_EQ(text, "");  // never from within the call
  run();
  EXPECT_EQ(text, unix_address("none").path + ": no such file or directory");
}

TEST_F(LoopTest, looks_a_name_up_beside_the_loop) {
  std::unique_ptr<Stream> near, far;
  const auto at = loop->listen(Address{{}, "127.0.0.1", 0}, 0,
                               [&](std::unique_ptr<Stream> stream) { far = std::move(stream); });
  ASSERT_TRUE(at);
  const Address named{{}, "localhost", at->port};
  EXPECT_TRUE(needs_lookup(named));
  loop->connect(named, seconds(10), [&](Result<std::unique_ptr<Stream>> stream) {
    EXPECT_TRUE(stream) << stream.error().message;
    if (stream) near = *std::move(stream);
    loop->stop();
  });
  run();
}

TEST_F(LoopTest, a_unix_socket_has_the_mode_asked_for_and_goes_with_the_loop) {
  const auto address = unix_address();
  ASSERT_TRUE(loop->listen(address, 0640, [](std::unique_ptr<Stream>) {}));

  struct stat file {};

  ASSERT_EQ(::stat(address.path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777, 0640U);
  loop.reset();
  EXPECT_NE(::stat(address.path.c_str(), &file), 0);
  loop = *Loop::open();
}

TEST_F(LoopTest, a_living_socket_is_not_replaced_and_a_dead_one_is) {
  const auto address = unix_address();
  {
    const auto living = open_listener(address, 0600);
    ASSERT_TRUE(living);
    const auto second = loop->listen(address, 0600, [](std::unique_ptr<Stream>) {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message,
              "listen on " + address.path + ": a daemon already listens there");
  }

  struct stat file {};

  ASSERT_EQ(::stat(address.path.c_str(), &file), 0);  // left behind, as after a kill
  pair_at(address);
}

TEST_F(LoopTest, a_file_that_is_no_socket_is_left_alone) {
  const auto address = unix_address("file");
  FILE* file = std::fopen(address.path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fclose(file);
  EXPECT_FALSE(loop->listen(address, 0600, [](std::unique_ptr<Stream>) {}));

  struct stat there {};

  ASSERT_EQ(::stat(address.path.c_str(), &there), 0);
  EXPECT_TRUE(S_ISREG(there.st_mode));
}

TEST_F(LoopTest, a_path_longer_than_a_socket_name_works) {
  std::string deep = dir.path();
  for (int i = 0; i < 4; ++i) {
    deep += "/" + std::string(40, static_cast<char>('a' + i));
    ASSERT_EQ(::mkdir(deep.c_str(), 0700), 0);
  }
  ASSERT_GT(deep.size(), sizeof(sockaddr_un::sun_path));
  auto [near, far] = pair_at(Address{deep + "/s", {}, 0});
  EXPECT_TRUE(far);
}

TEST_F(LoopTest, reports_how_a_child_ended_and_what_it_used) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(7);
  ASSERT_GT(child, 0);
  ChildExit ended;
  ASSERT_TRUE(loop->on_child_exit(child, [&](const ChildExit& exit) {
    ended = exit;
    loop->stop();
  }));
  run();
  EXPECT_EQ(ended.exit_code, 7);
  EXPECT_EQ(ended.signal, 0);
  EXPECT_GT(ended.max_rss_bytes, 0);
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), -1);  // reaped
}

TEST_F(LoopTest, reports_the_signal_that_ended_a_child) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  ASSERT_GT(child, 0);
  int signal = 0;
  ASSERT_TRUE(loop->on_child_exit(child, [&](const ChildExit& exit) {
    signal = exit.signal;
    loop->stop();
  }));
  ::kill(child, SIGKILL);
  run();
  EXPECT_EQ(signal, SIGKILL);
}

TEST_F(LoopTest, does_not_watch_a_process_that_is_no_child) {
  const auto watched = loop->on_child_exit(::getppid(), [](const ChildExit&) {});
  ASSERT_FALSE(watched);
  EXPECT_NE(watched.error().message.find("no child of ours"), std::string::npos);
}

TEST_F(LoopTest, handles_signals_on_the_loop) {
  int count = 0;
  loop->on_signal(SIGUSR1, [&] {
    if (++count == 2) return loop->stop();
    ::raise(SIGUSR1);
  });
  ::raise(SIGUSR1);
  run();
  EXPECT_EQ(count, 2);
}

TEST_F(LoopTest, watches_a_descriptor_until_told_not_to) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  int calls = 0;
  ASSERT_TRUE(loop->watch_readable(ends[0], [&] {
    if (++calls < 3) return;  // left unread: called again
    loop->unwatch(ends[0]);
    loop->stop();
  }));
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  run();
  EXPECT_EQ(calls, 3);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1);  // still the caller's
  bool writable = false;
  ASSERT_TRUE(loop->watch_writable(ends[1], [&] {
    writable = true;
    loop->unwatch(ends[1]);
    loop->stop();
  }));
  run();
  EXPECT_TRUE(writable);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(LoopTest, adopts_a_connected_pair) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  auto stream = loop->adopt(ends[0]);
  ASSERT_TRUE(stream);
  std::string got;
  (*stream)->on_bytes([&](std::string_view bytes) { got += bytes; });
  (*stream)->on_closed([&](const Error&) { loop->stop(); });
  ASSERT_EQ(::write(ends[1], "last words", 10), 10);
  ::close(ends[1]);
  run();
  EXPECT_EQ(got, "last words");
}

TEST_F(LoopTest, what_a_peer_said_before_it_went_is_still_read) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  auto stream = loop->adopt(ends[0]);
  std::string got;
  (*stream)->on_bytes([&](std::string_view bytes) { got += bytes; });
  (*stream)->on_closed([&](const Error&) { loop->stop(); });
  ASSERT_EQ(::write(ends[1], "refused", 7), 7);
  ::close(ends[1]);
  (*stream)->write("a request that nobody takes any more");
  run();
  EXPECT_EQ(got, "refused");
}

}  // namespace
}  // namespace cox::platform
