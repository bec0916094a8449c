// Options that a stream between hosts needs.
#include "platform/socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "platform/descriptor.h"

namespace cox::platform {
namespace {

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

TEST(Socket, HalfOpenConnectionsEndByTheKernelWithinSeconds) {
  const Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_TRUE(fd.is_open());
  notice_dead_peer(fd.get());
  EXPECT_EQ(option(fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT), 20'000);
  EXPECT_EQ(option(fd.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
  const int idle = option(fd.get(), IPPROTO_TCP, TCP_KEEPIDLE);
  const int pause = option(fd.get(), IPPROTO_TCP, TCP_KEEPINTVL);
  EXPECT_LE(idle + pause * option(fd.get(), IPPROTO_TCP, TCP_KEEPCNT), 20);
}

TEST(Socket, AnAddressThatCannotBeListenedAtSaysWhy) {
  const auto first = open_listener({"", "127.0.0.1", 0}, 0);
  ASSERT_TRUE(first);
  const Address taken = listening_address(first->get(), {"", "127.0.0.1", 0});
  const auto second = open_listener(taken, 0);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message,
            "listen on " + taken.text() +
                ": address already in use (another program listens there; which one: ss -ltnp "
                "sport = :" +
                std::to_string(taken.port) + ")");
  // TEST-NET-1: nobody's.
  const auto foreign = open_listener({"", "192.0.2.1", 0}, 0);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().message,
            "listen on 192.0.2.1:0: cannot assign requested address (no address of this host; its "
            "own: ip address)");
}

}  // namespace
}  // namespace cox::platform
