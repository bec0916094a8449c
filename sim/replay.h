// A workload log through the production core: time jumps from event to event.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/result.h"
#include "core/schedule/plan.h"
#include "model/settings.h"
#include "sim/engine.h"
#include "sim/outcome.h"
#include "sim/swf.h"

namespace cox::sim {

class Replay {
 public:
  /// error: what the core says of a node or of the settings
  static Result<Replay> open(const Settings& settings,
                             std::vector<NodeInventory> nodes,
                             core::Policies policies);

  /// Called now and then with the number of jobs that have ended.
  std::function<void(std::size_t)> progress;

  /// Replays all of `log`. Jobs that no state of the machine fits are noted in `log.bad`.
  /// error: refused, when jobs are left that never start
  Result<std::vector<Outcome>> run(SwfLog& log);

  /// Of the machine, as Outcome::nodes has them.
  std::vector<std::string> node_names() const;

  std::uint64_t all_cores() const { return all_cores_; }

  /// Facts that the core took, as a measure of work.
  std::uint64_t facts() const { return engine_.facts(); }

 private:
  explicit Replay(core::Policies policies);

  void submit(const SwfJob& job, SwfLog& log);
  JobRequest request_of(const SwfJob& job);
  void start(const core::JobStarted& started);
  void end(JobId id);
  void forget();
  Failure stuck() const;

  using Ending = std::pair<Instant, JobId>;

  Engine engine_;
  std::uint64_t all_cores_ = 0;
  std::string partition_;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> endings_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::uint32_t>, Cow<JobCommon>>
      commons_;                       // by user, group, processors
  std::vector<std::int64_t> runs_s_;  // by job id
  std::vector<Outcome> outcomes_;     // by job id
  std::vector<JobId> ended_;          // not yet forgotten
  std::size_t ended_count_ = 0;
};

}  // namespace cox::sim
