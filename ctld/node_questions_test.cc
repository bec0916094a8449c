// What nodes answer to a client's question, and what is said of those that do not.
#include "ctld/node_questions.h"

#include <gtest/gtest.h>

namespace cox::ctld {
namespace {

constexpr Instant start{1'000'000'000};
const Conversation from_ada{ClientId(1), 7, 0}, from_bob{ClientId(2), 3, 0};

struct Asking {
  std::uint64_t ask(const Conversation& to, const std::vector<std::string>& silent = {}) {
    return questions.begin(to, start, {{NodeId{0}, "n1"}, {NodeId{1}, "n2"}}, silent);
  }

  void answer(NodeId node, std::uint64_t number, int pid, std::uint32_t left_out = 0) {
    wire::Processes processes;
    processes.set_number(number);
    processes.set_left_out(left_out);
    processes.add_processes()->set_pid(pid);
    processes.mutable_processes(0)->set_node("liar");
    questions.answered(node, processes);
  }

  /// "n1:5 n2! is not connected" of each answer that was whole, in order.
  std::vector<std::string> whole;
  std::vector<Conversation> told;
  NodeQuestions questions{[this](const Conversation& to, wire::ProcessList list) {
    std::string text;
    for (const auto& process : list.processes()) {
      text += process.node() + ":" + std::to_string(process.pid()) + " ";
    }
    for (const auto& silent : list.silent()) text += silent.node() + "! " + silent.why() + " ";
    whole.push_back(text);
    told.push_back(to);
  }};
};

using Lines = std::vector<std::string>;

TEST(NodeQuestions, are_answered_when_all_nodes_have) {
  Asking asking;
  const auto number = asking.ask(from_ada);
  asking.answer(NodeId{1}, number, 5);
  EXPECT_TRUE(asking.whole.empty());
  asking.answer(NodeId{1}, number, 6);
  EXPECT_TRUE(asking.whole.empty()) << "the same node once more";
  asking.answer(NodeId{0}, number, 4, 2);
  EXPECT_EQ(asking.whole, (Lines{"n2:5 n1:4 n1! has 2 processes more than are shown "}));
  EXPECT_EQ(asking.told.front(), from_ada);
  asking.answer(NodeId{0}, number, 4);
  EXPECT_EQ(asking.whole.size(), 1U);
  EXPECT_EQ(asking.questions.size(), 0U);
}

TEST(NodeQuestions, name_nodes_that_cannot_answer) {
  Asking asking;
  const auto number = asking.ask(from_ada, {"n3"});
  asking.questions.lost(NodeId{0});
  asking.answer(NodeId{1}, number, 5);
  EXPECT_EQ(asking.whole, (Lines{"n2:5 n3! is not connected n1! lost its connection "}));
  asking.questions.begin(from_bob, start, {}, {"n3"});
  EXPECT_EQ(asking.whole.back(), "n3! is not connected ") << "there is nobody to wait for";
}

TEST(NodeQuestions, wait_only_so_long) {
  Asking asking;
  asking.answer(NodeId{0}, asking.ask(from_ada), 5);
  asking.questions.tick(start + seconds(5));
  EXPECT_TRUE(asking.whole.empty());
  asking.questions.tick(start + seconds(6));
  EXPECT_EQ(asking.whole, (Lines{"n1:5 n2! did not answer within five seconds "}));
}

TEST(NodeQuestions, of_a_client_that_is_gone_are_forgotten) {
  Asking asking;
  asking.ask(from_ada);
  const auto number = asking.ask(from_bob);
  asking.questions.drop(from_ada.client);
  EXPECT_EQ(asking.questions.size(), 1U);
  asking.answer(NodeId{0}, number, 1);
  asking.answer(NodeId{1}, number, 2);
  EXPECT_EQ(asking.told, std::vector<Conversation>{from_bob});
}

}  // namespace
}  // namespace cox::ctld
