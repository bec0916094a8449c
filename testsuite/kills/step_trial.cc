// Output first, line by line; then the end against what was done.
#include "testsuite/kills/step_trial.h"

#include <algorithm>
#include <string_view>

#include "common/text.h"

namespace cox::kills {
namespace {

struct Numbered {
  std::uint64_t rank = 0, line = 0;
};

/// None for a line that is no whole one of testsuite/mpi/phases.c.
std::optional<Numbered> read_line(std::string_view text, std::uint32_t lines) {
  const auto words = split(text, ' ');
  if (words.size() != 6 || words[0] != "rank" || words[2] != "line" || words[4] != "of") {
    return std::nullopt;
  }
  const auto rank = parse_u64(words[1]);
  const auto line = parse_u64(words[3]);
  if (!rank || !line || words[5] != std::to_string(lines)) return std::nullopt;
  return Numbered{*rank, *line};
}

/// How many lines of each rank there are; each has to follow the one before.
std::vector<std::uint64_t> count_lines(const StepTrial& trial,
                                       const StepEnd& end,
                                       std::vector<std::string>* wrong) {
  std::vector<std::uint64_t> seen(trial.ranks, 0);
  std::string_view left = end.output;
  while (!left.empty()) {
    const std::size_t length = left.find('\n');
    const std::string_view text = left.substr(0, length);
    left.remove_prefix(length == std::string_view::npos ? left.size() : length + 1);
    const auto found = read_line(text, trial.lines);
    if (!found || found->rank >= trial.ranks) {
      wrong->push_back("a line is torn: " + quoted(text));
    } else if (found->line != ++seen[found->rank]) {
      wrong->push_back("line " + std::to_string(seen[found->rank]) + " of rank " +
                       std::to_string(found->rank) + " is lost or there twice: " + quoted(text));
      seen[found->rank] = found->line;
    }
  }
  return seen;
}

/// States in which it may end other than well.
std::vector<std::string> excused_states(const StepTrial& trial) {
  if (trial.stood_still) return {"FAILED", "NODE_FAIL"};
  if (!trial.has_struck) return {};
  switch (trial.strike) {
    case StepStrike::rank:
      return {"FAILED"};
    case StepStrike::supervisor:
    case StepStrike::long_cut:
      // A rank that misses the others may fail before the loss is known.
      return {"FAILED", "NODE_FAIL"};
    case StepStrike::short_cut:
      break;
  }
  return {};
}

bool may_be_tried_again(const StepTrial& trial) {
  if (trial.stood_still) return true;
  return trial.has_struck &&
         (trial.strike == StepStrike::supervisor || trial.strike == StepStrike::long_cut);
}

}  // namespace

const char* text_of(StepStrike strike) {
  switch (strike) {
    case StepStrike::rank:
      return "rank killed";
    case StepStrike::supervisor:
      return "supervisor killed";
    case StepStrike::short_cut:
      return "node cut off for a moment";
    case StepStrike::long_cut:
      break;
  }
  return "node cut off until it is lost";
}

const char* text_of(StepMoment moment) {
  switch (moment) {
    case StepMoment::before_prepare:
      return "before prepare";
    case StepMoment::wire_up:
      return "wire-up";
    case StepMoment::init:
      return "MPI_Init";
    case StepMoment::running:
      return "running";
    case StepMoment::output:
      return "output";
    case StepMoment::ending:
      break;
  }
  return "ending";
}

std::optional<std::string> gate_of(StepMoment moment) {
  switch (moment) {
    case StepMoment::before_prepare:
    case StepMoment::wire_up:
      return std::nullopt;
    case StepMoment::init:
      return "init";
    case StepMoment::running:
      return "running";
    case StepMoment::output:
      return "output";
    case StepMoment::ending:
      break;
  }
  return "ending";
}

std::vector<std::string> judge(const StepTrial& trial, const StepEnd& end) {
  std::vector<std::string> wrong;
  const auto seen = count_lines(trial, end, &wrong);
  if (end.status < 0) wrong.emplace_back("the command did not end");
  if (end.attempts > 1 && !may_be_tried_again(trial)) {
    wrong.push_back("it took " + std::to_string(end.attempts) + " attempts");
  }
  if (end.status == 0) {
    if (end.state != "COMPLETED")
      wrong.push_back("the command was told all is well of " + end.state);
    for (std::uint32_t rank = 0; rank < trial.ranks; ++rank) {
      if (seen[rank] == trial.lines) continue;
      wrong.push_back("of rank " + std::to_string(rank) + " came " + std::to_string(seen[rank]) +
                      " lines of " + std::to_string(trial.lines));
    }
    return wrong;
  }
  const auto excused = excused_states(trial);
  if (std::ranges::find(excused, end.state) == excused.end()) {
    wrong.push_back("disturbed: status " + std::to_string(end.status) + ", " + end.state + ", " +
                    quoted(end.errors, 600));
  }
  return wrong;
}

}  // namespace cox::kills
