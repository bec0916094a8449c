// What a service manager hears.
#include "platform/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "platform/descriptor.h"
#include "platform/open_descriptors.h"
#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

/// The manager's side: where datagrams arrive.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, address.sun_path);
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    is_bound_ = ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0;
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }

  bool is_bound() const { return is_bound_; }

  /// The next datagram; "" when none is there.
  std::string heard() const {
    std::array<char, 4096> buffer{};
    const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return got < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(got));
  }

 private:
  Descriptor fd_;
  bool is_bound_ = false;
};

TEST(ServiceManager, HearsThatWeAreReadyAndStop) {
  const ScratchDir dir;
  for (const std::string& name : {(dir / "notify"), "@cox-notify-" + std::to_string(::getpid())}) {
    const Manager manager(name);
    ASSERT_TRUE(manager.is_bound()) << name;
    const auto words = ServiceManager::from_environment();
    words.ready("cluster alpha,\nlistening");
    EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=cluster alpha, listening");
    words.status("2 nodes");
    EXPECT_EQ(manager.heard(), "STATUS=2 nodes");
    words.stopping();
    EXPECT_EQ(manager.heard(), "STOPPING=1");
  }
}

TEST(ServiceManager, IsNotLeftToChildren) {
  const ScratchDir dir;
  const Manager manager(dir / "notify");
  const auto words = ServiceManager::from_environment();
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  ServiceManager::from_environment().ready("another");
  EXPECT_EQ(manager.heard(), "");
}

TEST(ServiceManager, IsNotMissedWhereThereIsNone) {
  const auto before = open_descriptors();
  ::unsetenv("NOTIFY_SOCKET");
  ServiceManager::from_environment().ready("");
  ::setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
  ServiceManager::from_environment().ready("");
  ::setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
  ServiceManager::from_environment().stopping();
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace cox::platform
