// Texts of phases, states, causes and reasons. State and reason words are Slurm's, so that
// existing scripts read them.
#include "model/job_state.h"

#include <array>

namespace cox {
namespace {

struct StateText {
  JobState state;
  std::string_view word, letters;
};

constexpr std::array<StateText, 12> states{{
    {JobState::pending, "PENDING", "PD"},
    {JobState::configuring, "CONFIGURING", "CF"},
    {JobState::running, "RUNNING", "R"},
    {JobState::completing, "COMPLETING", "CG"},
    {JobState::completed, "COMPLETED", "CD"},
    {JobState::failed, "FAILED", "F"},
    {JobState::cancelled, "CANCELLED", "CA"},
    {JobState::timeout, "TIMEOUT", "TO"},
    {JobState::out_of_memory, "OUT_OF_MEMORY", "OOM"},
    {JobState::node_fail, "NODE_FAIL", "NF"},
    {JobState::deadline, "DEADLINE", "DL"},
    {JobState::suspended, "SUSPENDED", "S"},
}};

constexpr std::array<std::string_view, 6> phases{"pending", "starting", "running",
                                                 "ending",  "ended",    "split"};

constexpr std::array<std::string_view, 12> causes{
    "none",          "finished",  "cancelled",       "time_limit",
    "out_of_memory", "node_lost", "supervisor_lost", "launch_failed",
    "requeued",      "bad_exit",  "client_gone",     "deadline"};

constexpr std::array<std::string_view, 17> reasons{"None",
                                                   "Priority",
                                                   "Resources",
                                                   "JobHeldUser",
                                                   "JobHeldAdmin",
                                                   "BeginTime",
                                                   "ReqNodeNotAvail",
                                                   "BadConstraints",
                                                   "PartitionConfig",
                                                   "JobHoldMaxRequeue",
                                                   "PartitionDown",
                                                   "PartitionTimeLimit",
                                                   "PartitionNodeLimit",
                                                   "JobArrayTaskLimit",
                                                   "Dependency",
                                                   "DependencyNeverSatisfied",
                                                   "Licenses"};

template <std::size_t N, class Enum>
std::string_view text_at(const std::array<std::string_view, N>& texts, Enum value) {
  const auto i = static_cast<std::size_t>(value);
  return i < N ? texts[i] : "unknown";
}

}  // namespace

std::string_view to_text(JobPhase phase) {
  return text_at(phases, phase);
}

std::string_view to_text(JobState state) {
  const auto i = static_cast<std::size_t>(state);
  return i < states.size() ? states[i].word : "UNKNOWN";
}

std::string_view state_letters(JobState s) {
  const auto i = static_cast<std::size_t>(s);
  return i < states.size() ? states[i].letters : "??";
}

std::string_view to_text(EndCause cause) {
  return text_at(causes, cause);
}

std::string_view to_text(Reason reason) {
  return text_at(reasons, reason);
}

std::optional<JobState> parse_job_state(std::string_view text) {
  for (const auto& entry : states) {
    if (entry.word == text || entry.letters == text) {
      return entry.state;
    }
  }
  return std::nullopt;
}

}  // namespace cox
