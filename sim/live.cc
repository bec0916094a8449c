// See live.h.
#include "sim/live.h"

#include <algorithm>
#include <map>
#include <set>

#include "model/job_state.h"
#include "model/node_state.h"
#include "wire/client.pb.h"
#include "wire/model_codec.h"

namespace cox::sim {
namespace {

/// A node that is short of what the configuration expects is left to the core: another one may
/// expect less. One that rests will soon be back.
bool takes_work(NodeState state) {
  return state >= NodeState::idle || state == NodeState::resting || state == NodeState::is_short;
}

Result<LiveNode> take_node(const wire::NodeView& view) {
  auto inventory = wire::take(view.inventory());
  if (!inventory) return Failure(inventory.error().with_context("node " + view.name()));
  LiveNode node{std::move(*inventory), {}};
  const auto state = parse_node_state(view.state());
  if (!state || !takes_work(*state)) {
    node.away = view.reason().empty() ? view.state() : view.state() + ": " + view.reason();
  }
  return node;
}

LiveShare take_share(const wire::NodeShareView& view) {
  return {view.node(),
          view.cores(),
          view.devices(),
          {view.memory_mib().begin(), view.memory_mib().end()},
          {view.pools().begin(), view.pools().end()},
          view.tasks()};
}

bool is_held(const wire::JobView& view) {
  return std::ranges::any_of(
      std::vector{Reason::held_by_user, Reason::held_by_admin, Reason::held_by_system},
      [&](Reason reason) { return view.reason() == to_text(reason); });
}

Result<LiveJob> take_job(const wire::JobView& view) {
  LiveJob job;
  job.id = JobId{view.job()};
  job.name = view.id();
  job.partition = view.partition();
  job.submitted = Instant{view.submitted_us()};
  job.started = Instant{view.started_us()};
  auto request = wire::take(view.request());
  if (!request) return Failure(request.error().with_context("job " + view.id()));
  job.request = std::move(*request);
  job.is_held = is_held(view) || view.reason() == to_text(Reason::dependency_never);
  job.waits_for_others = view.reason() == to_text(Reason::dependency);
  const auto state = parse_job_state(view.state());
  job.is_ending = state == JobState::completing;
  const bool is_array = view.array() == view.job() && !view.is_element();
  if (state != JobState::pending && !is_array) {
    for (const wire::NodeShareView& share : view.shares()) {
      if (!share.freed()) job.shares.push_back(take_share(share));
    }
  }
  if (is_array) job.elements = view.elements();
  if (view.is_element()) {
    job.array = JobId{view.array()};
    job.index = view.index();
  }
  return job;
}

/// A job that is in both of two slices counts as the later one has it.
void sort_jobs(std::vector<LiveJob>* jobs) {
  std::ranges::stable_sort(*jobs, {}, &LiveJob::id);
  std::ranges::reverse(*jobs);
  const auto twice = std::ranges::unique(*jobs, {}, &LiveJob::id);
  jobs->erase(twice.begin(), twice.end());
  std::ranges::reverse(*jobs);
}

/// An array of which every element has a job is on no list; what is known of it is in them. The
/// others have those elements alone that still wait or run.
Result<void> complete_arrays(std::vector<LiveJob>* jobs) {
  std::map<JobId, std::string> elements;  // that have jobs, of each array
  std::map<JobId, LiveJob> unlisted;
  for (const LiveJob& job : *jobs) {
    if (job.array == JobId{}) continue;
    elements[job.array] += "," + std::to_string(job.index);
    LiveJob& array = unlisted[job.array];
    array.id = job.array;
    array.name = std::to_string(job.array.value);
    array.submitted = job.submitted;
    array.request = job.request;
  }
  for (const LiveJob& job : *jobs) unlisted.erase(job.id);
  for (auto& [id, array] : unlisted) jobs->push_back(std::move(array));
  std::ranges::sort(*jobs, {}, &LiveJob::id);
  for (LiveJob& job : *jobs) {
    if (job.array != JobId{} || job.request.common->array.empty()) continue;
    std::string all = job.elements.substr(0, job.elements.find('%')) + elements[job.id];
    if (all.starts_with(',')) all.erase(0, 1);
    auto spec = parse_array(all);
    if (!spec) return Failure(spec.error().with_context("job " + job.name));
    spec->at_once_max = job.request.common->array.at_once_max;
    job.request.common.edit().array = std::move(*spec);
  }
  return {};
}

/// Where it waits for others, those that are on the list are what it waits for; the others are over
/// and have done their part. Else it waits for none any more.
void complete_dependencies(std::vector<LiveJob>* jobs, Instant now) {
  std::set<JobId> listed;
  for (const LiveJob& job : *jobs) listed.insert(job.id);
  for (LiveJob& job : *jobs) {
    if (job.request.terms.is_blank()) continue;
    JobTerms& terms = job.request.terms.edit();
    terms.past.clear();
    if (!job.waits_for_others) terms.dependency = {};
    for (const DependencyTerm& term : terms.dependency.terms) {
      const bool wants_failure = term.kind == DependencyKind::after_not_ok;
      for (const JobReference& one : term.jobs) {
        if (listed.contains(one.job)) continue;
        terms.past.push_back({one.job, one.index, now, now,
                              wants_failure ? JobState::failed : JobState::completed});
      }
    }
  }
}

core::UsageRecord take_usage(const wire::UsageList& list) {
  core::UsageRecord usage;
  usage.charged_at = Instant{list.charged_at_us()};
  for (const wire::UsageView& view : list.users()) {
    usage.of[{view.account(), view.uid()}] = {view.user(), view.charged(), view.counted()};
    usage.has_counted |= view.counted() != 0;
  }
  return usage;
}

}  // namespace

Result<Live> read_live(std::string_view bytes) {
  wire::LiveCluster message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::bad_usage, "--from: not what cox sim writes of a running cluster");
  }
  Live live;
  live.now = Instant{message.now_us()};
  auto settings = wire::take(message.settings());
  if (!settings) return Failure(settings.error().with_context("the running configuration"));
  live.settings = std::move(*settings);
  for (const wire::NodeView& view : message.nodes().nodes()) {
    auto node = take_node(view);
    if (!node) return Failure(node.error());
    live.nodes.push_back(std::move(*node));
  }
  for (const wire::PartitionView& view : message.partitions().partitions()) {
    if (view.state() == "down") live.partitions_down.push_back(view.name());
  }
  for (const wire::JobView& view : message.jobs().jobs()) {
    if (view.is_final()) continue;
    auto job = take_job(view);
    if (!job) return Failure(job.error());
    live.jobs.push_back(std::move(*job));
  }
  sort_jobs(&live.jobs);
  if (const auto done = complete_arrays(&live.jobs); !done) return Failure(done.error());
  complete_dependencies(&live.jobs, live.now);
  live.usage = take_usage(message.usage());
  return live;
}

}  // namespace cox::sim
