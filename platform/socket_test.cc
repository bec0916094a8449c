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

}  // namespace
}  // namespace cox::platform
