// Commands against a controller that closes connections before it answers: each tries again until
// it is served, and what it asked for happens once.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

constexpr int breaks = 3;
constexpr int patience_ms = 30'000;

/// A name for the controller's socket. Its first connections are closed when they have greeted;
/// then it is the controller itself.
class BreakingSocket {
 public:
  explicit BreakingSocket(const std::string& dir)
      : real_(dir + "/ctld.sock"), own_(dir + "/breaking.sock"), name_(dir + "/controller") {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    own_.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    listening_ = platform::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listening_.get(), breaks), 0);
    lead_to(own_);
  }

  ~BreakingSocket() {
    ::unlink(own_.c_str());
    ::unlink(name_.c_str());
  }

  BreakingSocket(const BreakingSocket&) = delete;
  BreakingSocket& operator=(const BreakingSocket&) = delete;

  const std::string& name() const { return name_; }

  void break_connections() {
    for (int i = 0; i < breaks; ++i) {
      pollfd ready{listening_.get(), POLLIN, 0};
      ASSERT_EQ(::poll(&ready, 1, patience_ms), 1) << "the command gave up after " << i;
      // Who is waiting for an answer has connected already; the next one is the controller's.
      if (i + 1 == breaks) lead_to(real_);
      const platform::Descriptor connection(::accept(listening_.get(), nullptr, nullptr));
      // Before that, a controller was not there at all, and a command does not wait for one.
      pollfd greeted{connection.get(), POLLIN, 0};
      EXPECT_EQ(::poll(&greeted, 1, patience_ms), 1);
    }
  }

 private:
  void lead_to(const std::string& target) const {
    const std::string made = name_ + ".new";
    EXPECT_EQ(::symlink(target.c_str(), made.c_str()), 0);
    EXPECT_EQ(::rename(made.c_str(), name_.c_str()), 0);
  }

  std::string real_, own_, name_;
  platform::Descriptor listening_;
};

class Commands : public ::testing::Test {
 protected:
  /// Its exit status; what it prints is in work()/out.
  int run(const std::string& command) {
    BreakingSocket socket(cluster_.dir());
    platform::SpawnRequest request = cluster_.shell_request(command + " > out 2>&1");
    request.environment[1] = "COX_CLUSTER=" + socket.name();
    Child child(request);
    socket.break_connections();
    return child.wait();
  }

  Cluster cluster_{{.nodes = 1}};
};

TEST_F(Commands, run_once_though_their_connections_break) {
  EXPECT_EQ(run("cox submit --hold -- sh -c 'echo submitted >> ran'"), 0) << cluster_.file("out");
  EXPECT_EQ(cluster_.file("out"), "1\n");
  EXPECT_EQ(run("cox release 1"), 0) << cluster_.file("out");
  EXPECT_EQ(run("cox wait 1"), 0) << cluster_.file("out");
  EXPECT_EQ(run("cox run sh -c 'echo run >> ran; echo seen'"), 0) << cluster_.file("out");
  EXPECT_EQ(cluster_.file("out"), "seen\n");
  EXPECT_EQ(cluster_.file("ran"), "submitted\nrun\n");
  EXPECT_EQ(cluster_.client().jobs(true).size(), 2U);
  cluster_.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
