// What a replay came to, in numbers: waits, slowdown, utilisation, fairness; of all jobs and of
// each user or account.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/settings.h"
#include "sim/outcome.h"

namespace cox::sim {

struct Figures {
  std::size_t jobs = 0;
  double mean_wait_s = 0;
  double mean_bounded_slowdown = 0;
  std::int64_t p95_wait_s = 0, p99_wait_s = 0, max_wait_s = 0;  // nearest rank
  std::int64_t used_s = 0;                                      // processor seconds
  double utilisation = 0;               // used, of those from the first submit to the last end
  std::optional<double> fairness{};     // unset: fewer than two users
  std::optional<double> mean_leaves{};  // unset: no switches are known
};

Figures figures_of(const std::vector<Outcome>& outcomes, std::uint64_t processors);

/// The job with whose wait that share of `sorted` is covered; 0 when there is none.
std::int64_t nearest_rank(const std::vector<std::int64_t>& sorted, std::size_t percent);

/// Jain's index over the mean bounded slowdowns of the users.
/// source: Jain, Chiu, Hawe: "A Quantitative Measure of Fairness and Discrimination for Resource
/// Allocation in Shared Computer Systems", DEC Research Report TR-301, 1984
std::optional<double> fairness_of(const std::vector<Outcome>& outcomes);

enum class By : std::uint8_t { nobody, user, account };

struct Group {
  std::string name;
  Figures figures;   // of its jobs alone
  double share = 0;  // of all processor seconds used
};

/// Who used most first, then by name.
std::vector<Group> groups_of(const std::vector<Outcome>& outcomes, By by, std::uint64_t processors);
/// The same with all behind the first `limit` as one, "others"; 0: no limit.
std::vector<Group> shown_groups(const std::vector<Outcome>& outcomes,
                                By by,
                                std::uint64_t processors,
                                std::size_t limit);

/// How many switches a job's nodes hang on, the mean over jobs. Nodes that hang on none count as
/// hanging on one of their own.
std::optional<double> mean_leaves(const std::vector<Outcome>& outcomes,
                                  const std::vector<std::string>& node_names,
                                  const std::vector<SwitchSettings>& switches);

}  // namespace cox::sim
