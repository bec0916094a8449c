// man/cox-explain.7 against the code: every state, reason and kind of failure that people can meet
// has its entry there, and the page knows no other.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "ctld/history_rows.h"
#include "model/job_state.h"
#include "model/node_state.h"

namespace cox::ctld {
namespace {

using Words = std::vector<std::string>;

/// The words of the entries below `heading`, with their letters: "PENDING PD".
Words entries_below(const std::string& heading) {
  std::ifstream page(COX_SOURCE_DIR "/man/cox-explain.7");
  Words words;
  bool is_there = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(".Ss ") || line.starts_with(".Sh ")) is_there = line.substr(4) == heading;
    const std::string entry = ".It Cm ";
    if (!is_there || !line.starts_with(entry)) continue;
    std::string word = line.substr(entry.size());
    if (const auto letters = word.find(" Pq Cm "); letters != std::string::npos) {
      word.replace(letters, 7, " ");
    }
    words.push_back(word);
  }
  return words;
}

Words sorted(Words words) {
  std::ranges::sort(words);
  return words;
}

/// Every value of an enumeration by its text, until there is none more.
template <class Enum, class Text>
Words all_texts(Text text) {
  Words words;
  for (int i = 0; to_text(static_cast<Enum>(i)) != "unknown"; ++i) {
    words.push_back(text(static_cast<Enum>(i)));
  }
  return words;
}

TEST(ExplainPage, HasEveryStateOfAJobWithItsLetters) {
  Words states{"REQUEUED", "UNDONE"};  // of attempts, in history
  for (int i = 0; to_text(static_cast<JobState>(i)) != "UNKNOWN"; ++i) {
    const auto state = static_cast<JobState>(i);
    states.push_back(std::string(to_text(state)) + " " + std::string(state_letters(state)));
  }
  ASSERT_EQ(states.size(), 14U);
  EXPECT_EQ(sorted(entries_below("States of jobs")), sorted(states));
}

TEST(ExplainPage, HasEveryReason) {
  const auto reasons =
      all_texts<Reason>([](Reason reason) { return std::string(to_text(reason)); });
  ASSERT_GT(reasons.size(), 10U);
  EXPECT_EQ(sorted(entries_below("Reasons")), sorted(reasons));
}

TEST(ExplainPage, HasEveryKindOfFailure) {
  std::set<std::string> kinds;
  for (const std::string& kind : all_texts<EndCause>(
           [](EndCause cause) { return std::string(failure_class(cause, false)); })) {
    kinds.insert(kind);
  }
  kinds.emplace(failure_class(EndCause::finished, true));
  ASSERT_GT(kinds.size(), 5U);
  EXPECT_EQ(sorted(entries_below("Kinds of failure")), Words(kinds.begin(), kinds.end()));
}

TEST(ExplainPage, HasTheStatesOfNodesInTheOrderInWhichTheyAreShown) {
  const auto states =
      all_texts<NodeState>([](NodeState state) { return std::string(to_text(state)); });
  ASSERT_EQ(states.size(), 14U);
  EXPECT_EQ(entries_below("States of nodes"), states);
  for (const std::string& word : states) EXPECT_EQ(to_text(*parse_node_state(word)), word);
  EXPECT_FALSE(parse_node_state("unknown"));
}

}  // namespace
}  // namespace cox::ctld
