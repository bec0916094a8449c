// The waits for a client, on a loop whose time stands still.
#include "noded/stepd/attach_wait.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace cox::stepd {
namespace {

/// Timers only; nothing else is asked of it.
class Timers : public platform::Loop {
 public:
  void run() override {}

  void stop() override {}

  void post(std::function<void()>) override {}

  void at_end_of_turn(std::function<void()>) override {}

  Instant now() const override { return {}; }

  Duration monotonic() const override { return now_; }

  platform::TimerId after(Duration delay, std::function<void()> work) override {
    timers_[++last_] = {Duration{now_.us + delay.us}, std::move(work)};
    return last_;
  }

  void cancel(platform::TimerId timer) override { timers_.erase(timer); }

  void on_signal(int, std::function<void()>) override {}

  Result<void> on_child_exit(int, std::function<void(const platform::ChildExit&)>) override {
    return {};
  }

  Result<void> watch_readable(int, std::function<void()>) override { return {}; }

  Result<void> watch_writable(int, std::function<void()>) override { return {}; }

  void unwatch(int) override {}

  Result<platform::Address> listen(
      const platform::Address& address,
      unsigned,
      std::function<void(std::unique_ptr<platform::Stream>)>) override {
    return address;
  }

  void connect(const platform::Address&,
               Duration,
               std::function<void(Result<std::unique_ptr<platform::Stream>>)>) override {}

  Result<std::unique_ptr<platform::Stream>> adopt(int) override { return nullptr; }

  void pass(Duration time) {
    now_ = Duration{now_.us + time.us};
    for (auto next = timers_.begin(); next != timers_.end();) {
      if (next->second.first > now_) {
        ++next;
        continue;
      }
      const auto work = std::move(next->second.second);
      next = timers_.erase(next);
      work();
    }
  }

 private:
  Duration now_{};
  std::map<platform::TimerId, std::pair<Duration, std::function<void()>>> timers_;
  platform::TimerId last_ = 0;
};

class AttachWaits : public testing::Test {
 protected:
  std::function<void()> note(int* count) {
    return [count] { ++*count; };
  }

  Timers timers_;
  AttachWait wait_{timers_};
  int late_ = 0, lost_ = 0;
};

TEST_F(AttachWaits, are_a_minute_from_the_start) {
  wait_.begin(note(&late_));
  timers_.pass(seconds(59));
  EXPECT_EQ(late_, 0);
  timers_.pass(seconds(1));
  EXPECT_EQ(late_, 1);
}

TEST_F(AttachWaits, begin_anew_when_the_result_is_on_record) {
  wait_.begin(note(&late_));
  timers_.pass(seconds(59));
  wait_.begin_last(note(&lost_));
  timers_.pass(seconds(59));
  EXPECT_EQ(late_ + lost_, 0);
  timers_.pass(seconds(1));
  EXPECT_EQ(late_, 0);
  EXPECT_EQ(lost_, 1);
}

TEST_F(AttachWaits, are_not_made_longer_by_a_daemon_that_says_so_again) {
  wait_.begin(note(&late_));
  wait_.begin_last(note(&lost_));
  for (int daemon = 0; daemon < 3; ++daemon) {
    timers_.pass(seconds(20));
    wait_.begin_last(note(&lost_));
  }
  EXPECT_EQ(lost_, 1);
  timers_.pass(minutes(2));
  EXPECT_EQ(lost_, 1);
}

TEST_F(AttachWaits, end_with_the_client) {
  wait_.begin_last(note(&lost_));
  wait_.end();
  timers_.pass(minutes(2));
  EXPECT_EQ(lost_, 0);
}

}  // namespace
}  // namespace cox::stepd
