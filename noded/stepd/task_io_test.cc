// Input of tasks: all of it to each, also what came before them.
#include "noded/stepd/task_io.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

namespace cox::stepd {
namespace {

/// What stands in the pipe, to its end where there is one: "text|".
std::string taken(const platform::Descriptor& end) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t got = ::read(end.get(), buffer.data(), buffer.size());
    if (got == 0) return text + "|";
    if (got < 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

class Input : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loop = platform::Loop::open();
    ASSERT_TRUE(loop);
    loop_ = std::move(*loop);
    fan_ = std::make_unique<InputFan>(*loop_);
  }

  platform::Descriptor add() {
    auto end = fan_->add();
    EXPECT_TRUE(end);
    return std::move(*end);
  }

  std::unique_ptr<platform::Loop> loop_;
  std::unique_ptr<InputFan> fan_;
};

TEST_F(Input, that_came_before_the_tasks_is_theirs) {
  fan_->write("early ");
  EXPECT_EQ(fan_->queued_bytes(), 6U);
  EXPECT_EQ(fan_->taken_bytes(), 0U);
  const auto first = add(), second = add();
  fan_->begin();
  EXPECT_EQ(fan_->taken_bytes(), 6U);
  fan_->write("late");
  fan_->close();
  EXPECT_EQ(taken(first), "early late|");
  EXPECT_EQ(taken(second), "early late|");
  EXPECT_EQ(fan_->taken_bytes(), 10U);
}

TEST_F(Input, whose_end_came_before_the_tasks_ends_for_them_as_well) {
  fan_->write("all");
  fan_->close();
  const auto task = add();
  fan_->begin();
  EXPECT_EQ(taken(task), "all|");
}

TEST_F(Input, of_nothing_ends_at_once) {
  fan_->close();
  const auto task = add();
  fan_->begin();
  EXPECT_EQ(taken(task), "|");
}

}  // namespace
}  // namespace cox::stepd
