// A supervisor of the version before under a node daemon of this one: what it says was recorded
// from a real one (testsuite/golden/step-protocol). It is adopted, its step shown and ended; it is
// told nothing that it does not know.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <thread>

#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

constexpr std::size_t frame_head_bytes = 4;

std::string recorded(const std::string& name) {
  const auto bytes =
      platform::read_file(std::string(COX_GOLDEN_DIR "/step-protocol/v1/") + name, 1U << 16);
  EXPECT_TRUE(bytes) << (bytes ? "" : bytes.error().message);
  return bytes.value_or("");
}

/// Answers at its socket what the old supervisor answered, message for message.
class OldSupervisor {
 public:
  explicit OldSupervisor(const std::string& path) : path_(path) {
    listening_ = platform::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0)
        << path;
    EXPECT_EQ(::listen(listening_.get(), 1), 0);
    thread_ = std::thread([this] { serve(); });
  }

  ~OldSupervisor() {
    ::shutdown(listening_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::unlink(path_.c_str());
  }

  OldSupervisor(const OldSupervisor&) = delete;
  OldSupervisor& operator=(const OldSupervisor&) = delete;

  /// All that the daemon said after the handshake.
  std::string heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void serve() {
    const platform::Descriptor peer(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.is_open()) return;
    if (read_frame(peer.get()).empty()) return;  // hello
    say(peer.get(), "reply.bin");
    if (read_frame(peer.get()).size() != frame_head_bytes) return;  // the empty proof
    say(peer.get(), "running.bin");
    const std::string end = recorded("end.bin");
    for (std::string frame = read_frame(peer.get()); !frame.empty();
         frame = read_frame(peer.get())) {
      const std::lock_guard lock(mutex_);
      heard_ += frame;
      if (frame == end) say(peer.get(), "ended.bin");
      if (frame == recorded("forget.bin")) return;
    }
  }

  static std::string read_frame(int fd) {
    std::uint32_t length = 0;
    std::string frame(frame_head_bytes, '\0');
    if (::recv(fd, frame.data(), frame.size(), MSG_WAITALL) != frame_head_bytes) return {};
    std::memcpy(&length, frame.data(), sizeof length);
    if (length > 1U << 16) return {};
    frame.resize(frame_head_bytes + length);
    const auto got = ::recv(fd, frame.data() + frame_head_bytes, length, MSG_WAITALL);
    return got == static_cast<ssize_t>(length) ? frame : std::string();
  }

  static void say(int fd, const std::string& name) {
    const std::string bytes = recorded(name);
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  std::string path_;
  platform::Descriptor listening_;
  mutable std::mutex mutex_;
  std::string heard_;
  std::thread thread_;
};

TEST(OldSupervisor, of_protocol_1_is_adopted_shown_and_ended_by_a_new_daemon) {
  Cluster cluster({.nodes = 1, .scheduling = "fence = \"self\"\n"});
  Client client = cluster.client();
  const auto id = client.submit(cluster.job("echo $$ > task; echo on; exec sleep 1000"));
  cluster.shows("1.out", "on");
  EXPECT_TRUE(client.reaches(id, "RUNNING"));
  // What the new version left of this job makes room for what the old one would have left.
  cluster.kill_node(0);
  const std::string socket = cluster.dir() + "/steps-n1/1.1.4294967280";
  for (const int pid : cluster.supervisors()) {
    ::kill(pid, SIGKILL);
    EXPECT_TRUE(eventually([pid] { return !platform::is_running(pid); }));
  }
  const int task = std::stoi(cluster.file("task"));
  ::kill(task, SIGKILL);
  EXPECT_TRUE(eventually([task] { return !platform::is_running(task); }));
  ::unlink(socket.c_str());
  EXPECT_TRUE(platform::write_file_atomic(cluster.dir() + "/attempts-n1/1.1", recorded("attempt")));
  {
    OldSupervisor old(socket);
    cluster.start_node(0);
    EXPECT_TRUE(cluster.hears_all_nodes());
    EXPECT_EQ(client.state(id), "RUNNING");
    const auto steps = client.view(id).steps();
    ASSERT_EQ(steps.size(), 1);
    EXPECT_EQ(steps[0].state(), "RUNNING");
    EXPECT_TRUE(client.act(wire::JobAction::CANCEL, id));
    const auto ended = client.end_of(id);
    EXPECT_EQ(ended.state(), "CANCELLED");
    EXPECT_EQ(ended.signal(), SIGTERM) << "the recorded result was not taken";
    // Exactly what a daemon of its own version said; no lease.
    const std::string expected = recorded("end.bin") + recorded("forget.bin");
    EXPECT_TRUE(eventually([&] { return old.heard() == expected; })) << old.heard().size();
  }
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
