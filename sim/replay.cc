// See replay.h. Within a second: ends first, then submits, then the pass.
#include "sim/replay.h"

#include <algorithm>
#include <variant>

#include "core/fairshare/usage.h"

namespace cox::sim {
namespace {

constexpr Instant begin{1'000'000'000'000'000};  // of every log
constexpr std::size_t steps_at_once = 1024;
constexpr std::size_t ended_kept = 4096;
constexpr std::size_t ended_per_progress = 1000;

Instant instant_of(std::int64_t seconds_of_log) {
  return begin + seconds(seconds_of_log);
}

std::int64_t second_of_log(Instant at) {
  return (at.us - begin.us) / 1'000'000;
}

const PartitionSettings* default_partition(const Settings& settings) {
  const auto found = std::ranges::find_if(
      settings.partitions, [](const PartitionSettings& one) { return one.is_default; });
  return found == settings.partitions.end() ? nullptr : &*found;
}

}  // namespace

Result<Replay> Replay::open(const Settings& settings,
                            std::vector<NodeInventory> nodes,
                            core::Policies policies) {
  Replay made(policies);
  made.now_ = begin - seconds(1);
  const PartitionSettings* partition = default_partition(settings);
  if (partition == nullptr) return fail(Code::bad_usage, "no partition is the default");
  made.partition_ = partition->name;
  if (auto done = made.ask(core::ApplySettings{Caller{0, 0, Role::administrator}, settings}); !done)
    return Failure(done.error());
  std::uint64_t session = 0;
  for (NodeInventory& node : nodes) {
    made.all_cores_ += node.node_class.cores.size();
    const core::RegisterNode registration{Session{++session}, std::move(node), {}};
    if (auto done = made.ask(registration); !done) return Failure(done.error());
  }
  return made;
}

std::vector<std::string> Replay::node_names() const {
  std::vector<std::string> names;
  for (const core::Node& node : state_.record.nodes) names.push_back(node.name);
  return names;
}

Result<void> Replay::ask(const core::Request& request) {
  core::observe(contact_, state_, now_, request);
  const auto facts = core::decide(state_, contact_, now_, request);
  if (!facts) return Failure(facts.error());
  for (const core::Fact& fact : *facts) take(fact);
  return {};
}

void Replay::take(const core::Fact& fact) {
  core::evolve(state_, fact);
  plan_.observe(state_, fact);
  ++facts_;
}

JobRequest Replay::request_of(const SwfJob& job) {
  Cow<JobCommon>& common = commons_[{job.user, job.group, job.processors}];
  if (common.is_blank()) {
    JobCommon& fresh = common.edit();
    fresh.kind = JobKind::interactive;  // an allocation: what runs in it is of no interest here
    fresh.user.uid = static_cast<Uid>(1000 + std::max<std::int64_t>(job.user, 0) % 1'000'000);
    fresh.user.name = "u" + std::to_string(job.user);
    if (job.group >= 0) fresh.account = account_name(job.group);
    fresh.partitions = {partition_};
    Component& part = fresh.components.emplace_back();
    part.tasks = job.processors;
    const auto all = static_cast<std::uint32_t>(state_.record.nodes.size());
    part.nodes_max = std::min(job.processors, all);
  }
  JobRequest request;
  request.common = common;
  request.time_limit = seconds(job.limit_s);
  return request;
}

void Replay::submit(const SwfJob& job, SwfLog& log) {
  if (job.processors > all_cores_) {
    log.note_bad(job.line, "larger than the machine");
    ++ended_count_;
    return;
  }
  JobRequest request = request_of(job);
  const JobId id = state_.record.next_job;
  runs_s_.resize(id.value + 1);
  outcomes_.resize(id.value + 1);
  runs_s_[id.value] = job.run_s;
  outcomes_[id.value] =
      Outcome{job.submit_s, 0, 0, job.processors, job.number, job.user, job.group};
  take(core::JobSubmitted{id, ClientKey{}, now_, std::move(request)});
}

void Replay::schedule() {
  for (bool done = false; !done;) {
    for (const core::Fact& fact : plan_.step(state_, contact_, now_, steps_at_once, &done)) {
      take(fact);
      if (const auto* started = std::get_if<core::JobStarted>(&fact)) start(*started);
    }
  }
}

/// Every node of the gang is ready at once.
void Replay::start(const core::JobStarted& started) {
  if (started.allocation.nodes.size() > 1) {
    take(core::JobReleased{started.job, started.attempt, now_});
  }
  Outcome& outcome = outcomes_[started.job.value];
  outcome.start_s = second_of_log(now_);
  outcome.nodes.reserve(started.allocation.nodes.size());
  for (const NodeShare& share : started.allocation.nodes) outcome.nodes.push_back(share.node.value);
  endings_.emplace(now_ + seconds(runs_s_[started.job.value]), started.job);
}

void Replay::end(JobId id) {
  const core::Job& job = *state_.find_job(id);
  const Attempt attempt = job.attempt;
  take(core::JobEnding{id, attempt, now_, EndCause::finished, 0, {}});
  const Cow<core::JobRun> run = job.run;
  for (const NodeShare& share : run->allocation.nodes) {
    take(core::NodeFreed{id, attempt, share.node, now_, Usage{}});
  }
  take(core::JobEnded{id, attempt, now_, JobState::completed, 0, 0, Usage{}, {}});
  outcomes_[id.value].end_s = second_of_log(now_);
  ended_.push_back(id);
  if (ended_.size() >= ended_kept) forget();
  if (++ended_count_ % ended_per_progress == 0 && progress) progress(ended_count_);
}

void Replay::forget() {
  take(core::JobsForgotten{now_, std::exchange(ended_, {})});
}

/// As the controller does when it looks at the clock.
void Replay::charge() {
  const bool has_shares = state_.record.settings.priority == "multifactor";
  if (has_shares && core::is_charge_due(state_, now_)) take(core::UsageCharged{now_});
}

Failure Replay::stuck() const {
  const JobId first = *state_.index.unended.begin();
  const core::Verdict why = core::explain(state_, contact_, now_, policies_, first);
  return fail(Code::refused, std::to_string(state_.index.unended.size()) +
                                 " jobs never start, the first is number " +
                                 std::to_string(first.value) + " of the replay: " + why.summary);
}

Result<std::vector<Outcome>> Replay::run(SwfLog& log) {
  std::size_t next = 0;
  const std::vector<SwfJob>& jobs = log.jobs;
  for (;;) {
    if (next == jobs.size() && endings_.empty()) break;
    Instant at = next < jobs.size() ? instant_of(jobs[next].submit_s) : endings_.top().first;
    if (!endings_.empty()) at = std::min(at, endings_.top().first);
    now_ = at;
    while (!endings_.empty() && endings_.top().first == now_) {
      const JobId id = endings_.top().second;
      endings_.pop();
      end(id);
    }
    for (; next < jobs.size() && instant_of(jobs[next].submit_s) == now_; ++next) {
      submit(jobs[next], log);
    }
    charge();
    schedule();
  }
  if (!state_.index.unended.empty()) return stuck();
  std::erase_if(outcomes_, [](const Outcome& one) { return one.processors == 0; });
  return std::move(outcomes_);
}

}  // namespace cox::sim
