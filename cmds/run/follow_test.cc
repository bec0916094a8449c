// What a run says and returns when the step's supervisor cannot be reached: the controller knows.
#include "cmds/run/follow.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cmds/client/job_end.h"
#include "link/link.h"
#include "platform/scratch_dir.h"

namespace cox::cmds {
namespace {

/// Keeps what went wrong.
struct Complaints : RunVoice {
  std::vector<std::string> errors;

  void job_changed(const wire::JobView&) override {}

  void step_waits(const wire::StepTaken&) override {}

  void step_begins(const wire::StepReady&) override {}

  void told(const std::string&) override {}

  void tasks_failed(const std::vector<wire::StepTasksFailed>&) override {}

  OnSignal on_signal(int, std::size_t) override { return OnSignal::nothing; }

  void others_end(Duration) override {}

  void step_ended(std::uint64_t, const wire::StepResult&) override {}

  void error(const std::string& text) override { errors.push_back(text); }
};

/// A supervisor that closes what comes, and a controller that says only then how job 7 ended.
class UnreachedStep : public ::testing::Test {
 protected:
  /// The status, or nothing after an error.
  std::optional<int> follow(bool has_files, std::uint32_t exit_code) {
    ended_.set_job(7);
    ended_.set_id("7");
    ended_.set_is_final(true);
    ended_.set_exit_code(static_cast<std::int32_t>(exit_code));
    ended_.set_state(exit_code == 0 ? "COMPLETED" : "FAILED");
    listen();
    std::optional<int> status;
    std::thread thread([&] {
      status = run(has_files);
      loop_->post([this] { loop_->stop(); });
    });
    loop_->run();
    thread.join();
    controller_.reset();
    return status;
  }

  Complaints voice_;

 private:
  void listen() {
    const auto refused = [](const Error& error) { ADD_FAILURE() << error.message; };
    const auto at = link::listen(
        *loop_, controller_at_, 0600, {},
        [this](std::shared_ptr<link::Link> link) {
          controller_ = std::move(link);
          controller_->on_frames([this](const auto&) { say_where(); });
        },
        refused);
    ASSERT_TRUE(at) << at.error().message;
    const auto step = loop_->listen(step_at_, 0600, [this](auto stream) {
      stream.reset();
      wire::ClientReply reply;
      *reply.mutable_event()->mutable_job() = ended_;
      reply.set_last(true);
      controller_->send(reply.SerializeAsString());
    });
    ASSERT_TRUE(step) << step.error().message;
  }

  void say_where() {
    wire::ClientReply reply;
    reply.mutable_submitted()->set_job(7);
    reply.mutable_step_ready()->set_job(7);
    reply.mutable_step_ready()->set_endpoint(step_at_.path);
    // With a key the client waits for an answer to its handshake, which never comes.
    reply.mutable_step_ready()->set_key(std::string(32, 'k'));
    reply.mutable_step_ready()->set_tasks(1);
    controller_->send(reply.SerializeAsString());
  }

  std::optional<int> run(bool has_files) {
    auto signals = Signals::open();
    auto session = Session::open({controller_at_, ""});
    if (!signals || !session) return std::nullopt;
    wire::ClientRequest request;
    request.mutable_submit();
    auto conversation = Conversation::start(std::move(*session), std::move(request), voice_);
    if (!conversation) return std::nullopt;
    AttachOptions options;
    options.forward_input = false;
    options.has_files = has_files;
    cmds::Run followed(std::move(*conversation), std::move(*signals), options, voice_);
    const auto status = followed.to_end();
    return status ? std::optional<int>(*status) : std::nullopt;
  }

  platform::ScratchDir dir_;
  platform::Address controller_at_{dir_ / "ctld", {}, 0}, step_at_{dir_ / "step", {}, 0};
  std::unique_ptr<platform::Loop> loop_ = *platform::Loop::open();
  std::shared_ptr<link::Link> controller_;
  wire::JobView ended_;
};

TEST_F(UnreachedStep, is_waited_for_at_the_controller_and_its_output_is_said_to_be_lost) {
  EXPECT_EQ(follow(false, 0), own_failure_status);
  ASSERT_EQ(voice_.errors.size(), 1U);
  EXPECT_TRUE(voice_.errors[0].starts_with("job 7 is done, but its output is lost: "))
      << voice_.errors[0];
}

TEST_F(UnreachedStep, with_files_has_lost_nothing) {
  EXPECT_EQ(follow(true, 0), 0);
  EXPECT_TRUE(voice_.errors.empty()) << voice_.errors[0];
}

TEST_F(UnreachedStep, with_files_has_the_status_of_its_failure) {
  EXPECT_EQ(follow(true, 3), 3);
  ASSERT_EQ(voice_.errors.size(), 1U);
  EXPECT_TRUE(voice_.errors[0].starts_with("job 7: FAILED")) << voice_.errors[0];
}

}  // namespace
}  // namespace cox::cmds
