// A refusal names the option that was typed.
#include "cmds/client/wording.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cmds/client/parse.h"

namespace cox::cmds {
namespace {

std::string told(const std::vector<std::string>& options, const std::string& message) {
  static const auto table = request_options();
  const auto normal = normalise(table, options, Operands::end_options);
  EXPECT_TRUE(normal) << normal.error().message;
  RequestDraft draft;
  for (const GivenOption& option : normal->options) {
    EXPECT_TRUE(apply_option(option, Instant{}, &draft));
  }
  EXPECT_TRUE(complete(&draft));
  return reworded(Error{Code::refused, message}, wording_of(draft)).message;
}

TEST(Wording, names_the_option_that_was_typed) {
  const std::string most = ": no node of partition batch has more than 2";
  EXPECT_EQ(told({"-G20"}, "--gres gpu:20" + most), "--gpus 20" + most);
  EXPECT_EQ(told({"-N2", "-G", "a100:6"}, "--gres gpu:a100:3" + most),
            "--gpus a100:6, 3 on each node" + most);
  EXPECT_EQ(told({"--gpus-per-node=8"}, "--gres gpu:8" + most), "--gpus-per-node 8" + most);
  EXPECT_EQ(told({"--gres=gpu:8"}, "--gres gpu:8" + most), "--gres gpu:8" + most);
  EXPECT_EQ(told({"--gpus-per-node=8", "--gres=gpu:9"}, "--gres gpu:9" + most),
            "--gres gpu:9" + most);
}

TEST(Wording, of_several_partitions_and_kinds) {
  EXPECT_EQ(told({"-G8"}, "too long; --gres gpu:8: none; --gres gpu:8: none"),
            "too long; --gpus 8: none; --gpus 8: none");
  EXPECT_EQ(told({"-G1", "--gres=nvme:1"}, "--gres nvme:1,gpu:1: none"),
            "--gpus 1 --gres nvme:1: none");
  EXPECT_EQ(told({"-G1", "--gres=nvme:1"}, "--gres nvme:1: none"), "--gres nvme:1: none");
  EXPECT_EQ(told({"-G1"}, "--gres gpu:10: not ours"), "--gres gpu:10: not ours");
}

TEST(Wording, of_a_submit_without_an_answer_says_that_it_may_be_queued) {
  const Error error = unanswered(Error{Code::timed_out, "no answer from /run/ctld.sock in 60 s"});
  EXPECT_EQ(error.code, Code::timed_out);
  EXPECT_EQ(error.message,
            "no answer from /run/ctld.sock in 60 s; the job may be queued all the same "
            "(see: cox queue)");
}

}  // namespace
}  // namespace cox::cmds
