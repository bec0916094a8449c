// A task that no signal ends: it waits for a file system whose server took the request and never
// answers. Its job's other node comes free, the record names the process, and the node returns by
// itself once the process is gone.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// A FUSE mount whose server, a thread of ours, greets the kernel and then takes every request
/// without an answer. Letting go of the device ends all that wait.
class DeafFiles {
 public:
  DeafFiles() {
    path_ = "/tmp/cox-deaf.XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) return;
    device_ = ::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (device_ < 0) return;
    const std::string options =
        "fd=" + std::to_string(device_) + ",rootmode=40755,user_id=0,group_id=0,allow_other";
    is_up_ = ::mount("deaf", path_.c_str(), "fuse", MS_NODEV | MS_NOSUID, options.c_str()) == 0;
    if (is_up_) server_ = std::thread([this] { serve(); });
  }

  ~DeafFiles() {
    let_go();
    if (is_up_) ::umount2(path_.c_str(), MNT_DETACH);
    ::rmdir(path_.c_str());
  }

  DeafFiles(const DeafFiles&) = delete;
  DeafFiles& operator=(const DeafFiles&) = delete;

  bool is_up() const { return is_up_; }

  const std::string& path() const { return path_; }

  /// Somebody asked for a file, and no signal ends his waiting: a request that was taken has to be
  /// answered.
  bool has_taken() const { return has_taken_; }

  void let_go() {
    is_ending_ = true;
    if (server_.joinable()) server_.join();
    if (device_ >= 0) ::close(std::exchange(device_, -1));
  }

 private:
  void serve() {
    std::array<char, 64 << 10> request{};
    while (!is_ending_) {
      pollfd readable{device_, POLLIN, 0};
      if (::poll(&readable, 1, 10) <= 0) continue;
      if (::read(device_, request.data(), request.size()) <= 0) continue;
      fuse_in_header head{};
      std::memcpy(&head, request.data(), sizeof head);
      if (head.opcode == FUSE_INIT) greet(head.unique);
      if (head.opcode == FUSE_LOOKUP) has_taken_ = true;
    }
  }

  void greet(std::uint64_t unique) const {
    struct {
      fuse_out_header head;
      fuse_init_out body;
    } answer{};

    answer.head = {sizeof answer, 0, unique};
    answer.body.major = FUSE_KERNEL_VERSION;
    answer.body.minor = FUSE_KERNEL_MINOR_VERSION;
    answer.body.max_write = 4096;
    EXPECT_EQ(::write(device_, &answer, sizeof answer), static_cast<ssize_t>(sizeof answer));
  }

  std::string path_;
  int device_ = -1;
  bool is_up_ = false;
  std::atomic<bool> is_ending_ = false;
  std::atomic<bool> has_taken_ = false;
  std::thread server_;
};

TEST(Stuck, a_task_that_no_signal_ends_keeps_its_node_and_no_other) {
  DeafFiles files;
  if (!files.is_up()) GTEST_SKIP() << "no FUSE here";
  Cluster cluster;
  if (!cluster.containment().starts_with("cgroup")) GTEST_SKIP() << cluster.containment();
  Client client = cluster.client();
  const auto id =
      client.submit(cluster.job("exec cat " + files.path() + "/file").nodes(2).exclusive());
  EXPECT_TRUE(eventually([&] { return files.has_taken(); }));
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, id));
  EXPECT_TRUE(eventually([&] { return client.node("n1").state() == "stuck"; }))
      << client.node("n1").state();
  const std::string reason = client.node("n1").reason();
  EXPECT_NE(reason.find("job 1: a process survives SIGKILL: pid "), std::string::npos) << reason;
  EXPECT_NE(reason.find(" (cat) in state D"), std::string::npos) << reason;
  EXPECT_EQ(client.state(id), "COMPLETING");
  EXPECT_NE(client.view(id).why().find("node n1: a process survives SIGKILL"), std::string::npos)
      << client.view(id).why();
  const auto why = cluster.shell("cox why 1");
  EXPECT_NE(why.output.find("(cat) in state D"), std::string::npos) << why.output;
  // The healthy node is free again, and a restart of everything does not forget the other.
  const auto next = client.submit(cluster.job("true").exclusive());
  EXPECT_EQ(client.end_of(next).node_list(), "n2");
  cluster.kill_controller();
  cluster.kill_node(0);
  cluster.start_controller();
  cluster.start_node(0);
  EXPECT_TRUE(cluster.hears_all_nodes());
  EXPECT_EQ(client.node("n1").state(), "stuck");
  const auto waiting = client.submit(cluster.job("true").on("n1"));
  EXPECT_EQ(client.state(waiting), "PENDING");
  files.let_go();
  EXPECT_EQ(client.end_of(id).state(), "CANCELLED");
  EXPECT_EQ(client.end_of(waiting).state(), "COMPLETED");
  EXPECT_EQ(client.node("n1").reason(), "");
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
