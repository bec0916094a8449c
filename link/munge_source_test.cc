// The MUNGE handshake against a real munged, started for the test; skipped where there is none.
#include "link/munge_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "link/munge_program_source.h"
#include "platform/process.h"
#include "platform/random.h"
#include "platform/scratch_dir.h"

namespace cox::link {
namespace {

/// A munged with a key of its own; it returns from starting when it listens.
class Munged {
 public:
  Munged() {
    ::chmod(dir_.path().c_str(), 0755);
    const auto key = platform::random_bytes(128);
    const auto written = platform::write_file_atomic(dir_ / "key", key, {.mode = 0600});
    runs_ = written && run({}) == 0;
  }

  ~Munged() {
    if (!runs_) return;
    EXPECT_EQ(run({"--stop"}), 0);
  }

  Munged(const Munged&) = delete;
  Munged& operator=(const Munged&) = delete;

  bool runs() const { return runs_; }

  std::string socket() const { return dir_ / "socket"; }

 private:
  int run(std::vector<std::string> more) {
    platform::SpawnRequest request;
    request.program = "/usr/sbin/munged";
    request.argv = {"munged",
                    "--socket=" + socket(),
                    "--key-file=" + (dir_ / "key"),
                    "--log-file=" + (dir_ / "log"),
                    "--pid-file=" + (dir_ / "pid"),
                    "--seed-file=" + (dir_ / "seed")};
    request.argv.insert(request.argv.end(), more.begin(), more.end());
    const auto spawned = platform::spawn(request);
    if (!spawned) return -1;
    const auto status = platform::wait_for(spawned->pid);
    return status ? platform::exit_code_of(*status) : -1;
  }

  platform::ScratchDir dir_;
  bool runs_ = false;
};

class RealMunge : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { munged_ = std::make_unique<Munged>(); }

  static void TearDownTestSuite() { munged_.reset(); }

  void SetUp() override {
    if (!munged_->runs()) GTEST_SKIP() << "munge is not installed or does not start here";
  }

  static std::string socket() { return munged_->socket(); }

 private:
  static std::unique_ptr<Munged> munged_;
};

std::unique_ptr<Munged> RealMunge::munged_;

TEST_F(RealMunge, opens_a_channel_and_tells_the_uid) {
  MungeSource near(socket()), far(socket());
  wire::ChannelOptions from;
  from.auth = wire::AUTH_MUNGE;
  from.nonce = platform::random_bytes(32);
  from.secret = platform::random_bytes(32);
  from.credentials = &near;
  from.uid = ::geteuid();
  wire::ChannelOptions to = from;
  to.nonce = platform::random_bytes(32);
  to.credentials = &far;
  auto a = wire::Channel::connecting(from);
  auto b = wire::Channel::accepting(to);
  std::vector<std::string> frames;
  a.send("hello");
  while (a.has_output() || b.has_output()) {
    ASSERT_TRUE(b.receive(a.take_output(), &frames)) << b.status().error().message;
    ASSERT_TRUE(a.receive(b.take_output(), &frames)) << a.status().error().message;
  }
  EXPECT_TRUE(a.is_open());
  EXPECT_EQ(b.peer().uid, ::geteuid());
  EXPECT_EQ(frames, std::vector<std::string>{"hello"});
}

TEST_F(RealMunge, a_credential_of_the_program_is_as_good_as_one_of_the_library) {
  const std::string payload("a\0b\n", 4);
  const auto made = MungeProgramSource(socket()).encode(payload, ::geteuid());
  ASSERT_TRUE(made) << made.error().message;
  const auto decoded = MungeSource(socket()).decode(*made);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->payload, payload);
  EXPECT_EQ(decoded->uid, ::geteuid());
}

TEST_F(RealMunge, a_program_without_its_daemon_says_so) {
  const auto made = MungeProgramSource("/nonexistent/munge.socket").encode("x", 0);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::unreachable);
  EXPECT_NE(made.error().message.find("munge.socket"), std::string::npos) << made.error().message;
}

TEST_F(RealMunge, a_credential_is_taken_once_and_only_by_its_user) {
  MungeSource munge(socket());
  const auto mine = munge.encode("payload", ::geteuid());
  ASSERT_TRUE(mine) << mine.error().message;
  EXPECT_TRUE(munge.decode(*mine));
  const auto again = munge.decode(*mine);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::not_permitted);
  const auto other = munge.encode("payload", ::geteuid() + 1);
  ASSERT_TRUE(other);
  EXPECT_FALSE(munge.decode(*other));
}

TEST_F(RealMunge, an_empty_payload_and_garbage_are_handled) {
  MungeSource munge(socket());
  const auto empty = munge.encode("", ::geteuid());
  ASSERT_TRUE(empty);
  const auto decoded = munge.decode(*empty);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->payload, "");
  EXPECT_FALSE(munge.decode("MUNGE:not base64:"));
}

}  // namespace
}  // namespace cox::link
