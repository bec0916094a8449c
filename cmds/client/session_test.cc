// What a command does when the controller puts it off: it asks again, later, while that was said.
#include "cmds/client/session.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "link/link.h"
#include "platform/scratch_dir.h"

namespace cox::cmds {
namespace {

wire::Error refusal() {
  wire::Error error;
  error.set_code(static_cast<std::uint32_t>(Code::refused));
  error.set_message("16 lists are on their way already: retry after 1 s");
  return error;
}

/// A controller that refuses the first lists, and says after how long to ask again (0: not at all).
class PutOff : public ::testing::Test {
 protected:
  /// Runs `client` in a thread of its own beside the controller.
  void serve(std::size_t refusals,
             std::uint32_t retry_after_ms,
             const std::function<void(Session&)>& client) {
    const auto at = link::listen(
        *loop_, platform::Address{dir_ / "sock", {}, 0}, 0600, {},
        [this, refusals, retry_after_ms](std::shared_ptr<link::Link> link) {
          link->on_frames([this, refusals, retry_after_ms, raw = link.get()](const auto& frames) {
            for (const std::string& frame : frames) {
              raw->send(answer(frame, refusals, retry_after_ms));
            }
          });
          links_.push_back(std::move(link));
        },
        [](const Error& error) { ADD_FAILURE() << error.message; });
    ASSERT_TRUE(at) << at.error().message;
    std::thread thread([&] {
      auto session = Session::open({*at, ""});
      EXPECT_TRUE(session) << session.error().message;
      if (session) client(*session);
      loop_->post([this] { loop_->stop(); });
    });
    loop_->run();
    thread.join();
    links_.clear();
  }

  std::string answer(const std::string& frame, std::size_t refusals, std::uint32_t retry_after_ms) {
    wire::ClientRequest request;
    EXPECT_TRUE(request.ParseFromString(frame));
    numbers_.push_back(request.number());
    wire::ClientReply reply;
    reply.set_number(request.number());
    reply.set_last(true);
    if (numbers_.size() <= refusals) {
      *reply.mutable_error() = refusal();
      reply.set_retry_after_ms(retry_after_ms);
    } else {
      reply.mutable_jobs()->add_jobs()->set_job(7);
    }
    return reply.SerializeAsString();
  }

  static wire::ClientRequest list() {
    wire::ClientRequest request;
    request.mutable_list_jobs();
    return request;
  }

  platform::ScratchDir dir_;
  std::unique_ptr<platform::Loop> loop_ = *platform::Loop::open();
  std::vector<std::shared_ptr<link::Link>> links_;
  std::vector<std::uint64_t> numbers_;  // of the requests that came
};

TEST_F(PutOff, the_same_is_asked_again) {
  serve(3, 1, [](Session& session) {
    const auto reply = session.ask_surely(list());
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->jobs().jobs(0).job(), 7U);
  });
  ASSERT_EQ(numbers_.size(), 4U);
  for (const std::uint64_t number : numbers_) EXPECT_EQ(number, numbers_.front());
}

TEST_F(PutOff, lists_in_slices_too) {
  serve(2, 1, [](Session& session) {
    std::size_t jobs = 0;
    const auto listed =
        session.ask_in_slices(list(), [&](const wire::ClientReply& slice, bool) -> Result<void> {
          jobs += static_cast<std::size_t>(slice.jobs().jobs_size());
          return {};
        });
    EXPECT_TRUE(listed);
    EXPECT_EQ(jobs, 1U);
  });
  EXPECT_EQ(numbers_.size(), 3U);
}

TEST_F(PutOff, without_a_time_it_is_an_error) {
  serve(1, 0, [](Session& session) {
    const auto reply = session.ask_surely(list());
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Code::refused);
    // What came later is another matter.
    EXPECT_TRUE(session.ask_surely(list()));
  });
  EXPECT_EQ(numbers_.size(), 2U);
}

}  // namespace
}  // namespace cox::cmds
