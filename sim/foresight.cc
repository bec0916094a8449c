// See foresight.h.
#include "sim/foresight.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>
#include <utility>

#include "core/job/array.h"
#include "plugins/policies.h"
#include "sim/engine.h"

namespace cox::sim {
namespace {

/// Wakes one after the other at which nothing happens: then nothing ever will.
constexpr int idle_wakes_max = 1000;

class Foresight {
 public:
  Foresight(const Live& live, core::Policies policies, const Progress& progress)
      : live_(live), engine_(policies, live.now), progress_(progress) {}

  Result<void> take_over(const Settings& settings) {
    if (const auto done = engine_.apply(live_.settings); !done) return done;
    for (const LiveNode& node : live_.nodes) {
      if (const auto done = add(node); !done) return done;
    }
    engine_.set_usage(live_.usage);
    for (const std::string& name : live_.partitions_down) {
      engine_.take(core::PartitionTakenDown{name, live_.now, {}});
    }
    for (const LiveJob& job : live_.jobs) add(job);
    return live_.settings == settings ? Result<void>() : engine_.apply(settings);
  }

  Forecast run() {
    int idle = 0;
    do {
      const std::uint64_t before = engine_.facts();
      end_due();
      settle();
      engine_.charge();
      engine_.schedule([this](const core::JobStarted& started) { note(started); });
      idle = engine_.facts() == before ? idle + 1 : 0;
    } while (idle < idle_wakes_max && go_on());
    for (auto& [id, start] : starts_) forecast_.jobs.push_back({id, start});
    return std::move(forecast_);
  }

 private:
  using Ending = std::pair<Instant, JobId>;

  Result<void> add(const LiveNode& node) {
    if (const auto done = engine_.add_node(node.inventory); !done) return done;
    if (node.away.empty()) return {};
    const auto id = engine_.state().node_named(node.inventory.name);
    engine_.take(core::NodeSetAside{*id, live_.now, core::Aside::drained, node.away, 0});
    return {};
  }

  void leave_out(const LiveJob& job, const std::string& why) {
    forecast_.left_out.push_back("job " + job.name + ": " + why);
  }

  void add(const LiveJob& job) {
    if (job.array != JobId{}) {
      engine_.take(core::ElementSplit{job.id, job.submitted, job.array, job.index});
    } else {
      JobRequest request = job.request;
      request.held = false;
      engine_.take(core::JobSubmitted{job.id, ClientKey{}, job.submitted, std::move(request)});
    }
    if (job.is_held) engine_.take(core::JobHeld{job.id, live_.now, Hold::by_user, {}});
    const bool waits = job.shares.empty() &&
                       (!core::is_array(*engine_.state().find_job(job.id)) || job.has_remaining);
    if (waits) starts_[job.id] = Instant{};
    if (!job.shares.empty()) start(job);
  }

  /// Takes what the job holds; without it, where that is not there, the job is no more.
  void start(const LiveJob& job) {
    const auto allocation = allocation_of(job);
    if (!allocation) {
      leave_out(job, allocation.error().message);
      engine_.take(core::JobEnded{job.id, Attempt{}, live_.now, JobState::cancelled, 0, 0, {}, {}});
      return;
    }
    engine_.take(core::JobStarted{job.id, Attempt{1}, job.started, *allocation, job.partition});
    if (allocation->nodes.size() > 1) {
      engine_.take(core::JobReleased{job.id, Attempt{1}, job.started});
    }
    const Duration limit = job.request.time_limit;
    if (job.is_ending) {
      endings_.emplace(live_.now, job.id);
    } else if (limit < duration_unlimited) {
      endings_.emplace(std::max(live_.now, job.started + limit), job.id);
    }
  }

  Result<Allocation> allocation_of(const LiveJob& job) const {
    Allocation allocation;
    for (const LiveShare& from : job.shares) {
      const auto id = engine_.state().node_named(from.node);
      if (!id) return fail(Code::not_found, "its node " + from.node + " is not there");
      const core::NodeFree& free = engine_.state().index.free[id->value];
      NodeShare share = from.share;
      share.node = *id;
      if (!is_free(share, free)) {
        return fail(Code::refused, "node " + from.node + " changed while the cluster was asked");
      }
      allocation.nodes.push_back(std::move(share));
    }
    std::ranges::sort(allocation.nodes, {}, &NodeShare::node);
    return allocation;
  }

  static bool is_free(const NodeShare& share, const core::NodeFree& free) {
    return share.cores.size() == free.cores.size() && free.cores.contains(share.cores) &&
           share.devices.size() <= free.devices.size() &&
           (share.devices.none() || free.devices.contains(share.devices)) &&
           fits(share.memory_mib, free.memory_mib) && fits(share.pools, free.pools);
  }

  static bool fits(const std::vector<std::int64_t>& wanted, const std::vector<std::int64_t>& free) {
    if (wanted.size() > free.size()) return false;
    return std::equal(wanted.begin(), wanted.end(), free.begin(), std::less_equal<>());
  }

  void end_due() {
    while (!endings_.empty() && endings_.top().first <= engine_.now()) {
      const JobId id = endings_.top().second;
      endings_.pop();
      engine_.end(id);
    }
  }

  /// Ends what waits for what can never be, as the controller does after every change.
  void settle() {
    for (std::uint64_t before = 0; before != engine_.facts();) {
      before = engine_.facts();
      if (!engine_.ask(core::SettleWaits{})) return;
    }
  }

  void note(const core::JobStarted& started) {
    const core::Job& job = *engine_.state().find_job(started.job);
    const JobId listed = starts_.contains(job.id) ? job.id : job.array;
    const auto found = starts_.find(listed);
    if (found != starts_.end() && !found->second.is_set()) {
      found->second = engine_.now();
      if (progress_) progress_(++seen_);
    }
    const Duration limit = job.request.time_limit;
    if (limit < duration_unlimited) endings_.emplace(engine_.now() + limit, job.id);
  }

  /// To the next moment at which something can happen. False: there is none.
  bool go_on() {
    Instant next = engine_.next_wake();
    if (next <= engine_.now()) next = Instant{};
    if (!endings_.empty() && (!next.is_set() || endings_.top().first < next)) {
      next = endings_.top().first;
    }
    if (!next.is_set() || engine_.state().index.pending == 0) return false;
    engine_.advance(next);
    return true;
  }

  const Live& live_;
  Engine engine_;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> endings_;
  std::map<JobId, Instant> starts_;  // of what waited
  Forecast forecast_;
  const Progress& progress_;
  std::size_t seen_ = 0;
};

}  // namespace

Result<Forecast> foresee(const Live& live, const Settings& settings, const Progress& progress) {
  const auto policies = plugins::make_policies(settings);
  if (!policies) return Failure(policies.error());
  Foresight foresight(live, core::Policies{policies->select.get(), policies->priority.get()},
                      progress);
  if (const auto done = foresight.take_over(settings); !done) return Failure(done.error());
  return foresight.run();
}

}  // namespace cox::sim
