// One trial of a step: what is struck in which phase of it, and whether the end that it came to is
// one that is documented for that. Pure, so that each check is shown to bite by ends made by hand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cox::kills {

enum class StepStrike : std::uint8_t { rank, supervisor, short_cut, long_cut };
enum class StepMoment : std::uint8_t { before_prepare, wire_up, init, running, output, ending };

inline constexpr std::uint32_t step_moments = 6;

struct StepTrial {
  StepStrike strike = StepStrike::rank;
  StepMoment moment = StepMoment::running;
  bool is_batch = false;  // a step of a batch job, which may be requeued; else of cox run alone
  std::uint32_t ranks = 0;
  std::uint32_t lines = 0;   // that each rank prints
  bool has_struck = false;   // who should be struck was still there
  bool stood_still = false;  // the machine did, longer than leases last: as good as cut cables
};

/// How it ended, for the user and in the record.
struct StepEnd {
  int status = -1;     // of the command; -1: it did not end
  std::string output;  // of the last attempt
  std::string errors;
  std::string state;  // of its job
  std::uint32_t attempts = 1;
};

const char* text_of(StepStrike strike);
const char* text_of(StepMoment moment);

/// The program's gate before that phase; none where it is not even begun.
std::optional<std::string> gate_of(StepMoment moment);

/// What was promised and is not so, a line each.
std::vector<std::string> judge(const StepTrial& trial, const StepEnd& end);

}  // namespace cox::kills
