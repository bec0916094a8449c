// See replay.h. Within a second: ends first, then submits, then the pass.
#include "sim/replay.h"

#include <algorithm>
#include <utility>

namespace cox::sim {
namespace {

constexpr Instant begin{1'000'000'000'000'000};  // of every log
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

Replay::Replay(core::Policies policies) : engine_(policies, begin - seconds(1)) {}

Result<Replay> Replay::open(const Settings& settings,
                            std::vector<NodeInventory> nodes,
                            core::Policies policies) {
  Replay made(policies);
  const PartitionSettings* partition = default_partition(settings);
  if (partition == nullptr) return fail(Code::bad_usage, "no partition is the default");
  made.partition_ = partition->name;
  if (auto done = made.engine_.apply(settings); !done) return Failure(done.error());
  for (NodeInventory& node : nodes) {
    made.all_cores_ += node.node_class.cores.size();
    if (auto done = made.engine_.add_node(std::move(node)); !done) return Failure(done.error());
  }
  return made;
}

std::vector<std::string> Replay::node_names() const {
  std::vector<std::string> names;
  for (const core::Node& node : engine_.state().record.nodes) names.push_back(node.name);
  return names;
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
    const auto all = static_cast<std::uint32_t>(engine_.state().record.nodes.size());
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
  const JobId id = engine_.state().record.next_job;
  runs_s_.resize(id.value + 1);
  outcomes_.resize(id.value + 1);
  runs_s_[id.value] = job.run_s;
  outcomes_[id.value] =
      Outcome{job.submit_s, 0, 0, job.processors, job.number, job.user, job.group};
  engine_.take(core::JobSubmitted{id, ClientKey{}, engine_.now(), std::move(request)});
}

void Replay::start(const core::JobStarted& started) {
  Outcome& outcome = outcomes_[started.job.value];
  outcome.start_s = second_of_log(engine_.now());
  outcome.nodes.reserve(started.allocation.nodes.size());
  for (const NodeShare& share : started.allocation.nodes) outcome.nodes.push_back(share.node.value);
  endings_.emplace(engine_.now() + seconds(runs_s_[started.job.value]), started.job);
}

void Replay::end(JobId id) {
  engine_.end(id);
  outcomes_[id.value].end_s = second_of_log(engine_.now());
  ended_.push_back(id);
  if (ended_.size() >= ended_kept) forget();
  if (++ended_count_ % ended_per_progress == 0 && progress) progress(ended_count_);
}

void Replay::forget() {
  engine_.take(core::JobsForgotten{engine_.now(), std::exchange(ended_, {})});
}

Failure Replay::stuck() const {
  const JobId first = *engine_.state().index.unended.begin();
  const core::Verdict why = engine_.explain(first);
  return fail(Code::refused, std::to_string(engine_.state().index.unended.size()) +
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
    engine_.advance(at);
    while (!endings_.empty() && endings_.top().first == at) {
      const JobId id = endings_.top().second;
      endings_.pop();
      end(id);
    }
    for (; next < jobs.size() && instant_of(jobs[next].submit_s) == at; ++next) {
      submit(jobs[next], log);
    }
    engine_.charge();
    engine_.schedule([this](const core::JobStarted& started) { start(started); });
  }
  if (!engine_.state().index.unended.empty()) return stuck();
  std::erase_if(outcomes_, [](const Outcome& one) { return one.processors == 0; });
  return std::move(outcomes_);
}

}  // namespace cox::sim
