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

Result<LiveNode> take_node(const wire::LiveCluster& cluster, const wire::LiveNode& from) {
  if (from.node_class() >= static_cast<std::uint32_t>(cluster.classes_size())) {
    return fail(Code::bad_usage, "node " + from.inventory().name() + " has no class");
  }
  wire::NodeInventory whole = from.inventory();
  *whole.mutable_node_class() = cluster.classes(static_cast<int>(from.node_class()));
  auto inventory = wire::take(whole);
  if (!inventory) return Failure(inventory.error().with_context("node " + whole.name()));
  return LiveNode{std::move(*inventory), from.away()};
}

using NodeNames = std::map<NodeId, std::string>;

Result<std::vector<LiveShare>> take_shares(const wire::LiveJob& from, const NodeNames& names) {
  auto allocation = wire::take(from.allocation());
  if (!allocation) return Failure(allocation.error());
  std::vector<LiveShare> shares;
  for (NodeShare& share : allocation->nodes) {
    const auto name = names.find(share.node);
    if (name == names.end()) {
      return fail(Code::bad_usage, "no node " + std::to_string(share.node.value));
    }
    shares.push_back({name->second, std::move(share)});
  }
  return shares;
}

/// The request of an array keeps its limit of elements at once, whatever has ended.
Result<void> take_remaining(const wire::LiveJob& from, LiveJob* job) {
  ArraySpec& array = job->request.common.edit().array;
  auto remaining = wire::take(from.remaining(), array.at_once_max);
  if (!remaining) return Failure(remaining.error());
  job->has_remaining = !remaining->empty();
  array = std::move(*remaining);
  return {};
}

Result<LiveJob> take_job(const wire::LiveJob& from, const NodeNames& names) {
  LiveJob job;
  job.id = JobId{from.job()};
  job.name = from.name();
  job.partition = from.partition();
  job.submitted = Instant{from.submitted_us()};
  job.started = Instant{from.started_us()};
  job.is_held = from.held();
  job.is_ending = from.ending();
  job.waits_for_others = from.waits_for_others();
  job.array = JobId{from.array()};
  job.index = from.index();
  auto request = wire::take(from.request());
  if (!request) return Failure(request.error());
  job.request = std::move(*request);
  auto shares = take_shares(from, names);
  if (!shares) return Failure(shares.error());
  job.shares = std::move(*shares);
  const bool is_array = job.array == JobId{} && !job.request.common->array.empty();
  if (!is_array) return job;
  if (auto taken = take_remaining(from, &job); !taken) return Failure(taken.error());
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

/// Of an array those elements count that still wait or run: its request has the ones without jobs,
/// and here gets those with jobs of their own.
Result<void> complete_arrays(std::vector<LiveJob>* jobs) {
  std::map<JobId, std::vector<std::uint32_t>> elements;
  for (const LiveJob& job : *jobs) {
    if (job.array != JobId{}) elements[job.array].push_back(job.index);
  }
  for (LiveJob& job : *jobs) {
    const auto own = elements.find(job.id);
    if (own == elements.end()) continue;
    ArraySpec& spec = job.request.common.edit().array;
    std::string all = spec.empty() ? "" : array_text(spec);
    all.erase(std::min(all.find('%'), all.size()));
    for (const std::uint32_t index : own->second) {
      all += (all.empty() ? "" : ",") + std::to_string(index);
    }
    auto whole = parse_array(all);
    if (!whole) return Failure(whole.error().with_context("job " + job.name));
    whole->at_once_max = spec.at_once_max;
    spec = std::move(*whole);
    elements.erase(own);
  }
  // Of an element whose array is on no slice more: the array ended while the cluster was asked.
  std::erase_if(*jobs, [&](const LiveJob& job) { return elements.contains(job.array); });
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
        terms.past.push_back(
            {one.job, one.index, now, now, wants_failure ? JobState::failed : JobState::completed});
      }
    }
  }
}

core::UsageRecord take_usage(const wire::LiveCluster& from) {
  core::UsageRecord usage;
  usage.charged_at = Instant{from.charged_at_us()};
  for (const wire::LiveUsage& one : from.usage()) {
    usage.of[{one.account(), one.uid()}] = {one.user(), one.charged(), one.counted()};
    usage.has_counted |= one.counted() != 0;
  }
  return usage;
}

}  // namespace

Result<Live> read_live(std::string_view bytes) {
  wire::LiveCluster message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::bad_usage, "--live: not what cox sim writes of a running cluster");
  }
  Live live;
  live.now = Instant{message.now_us()};
  auto settings = wire::take(message.settings());
  if (!settings) return Failure(settings.error().with_context("the running configuration"));
  live.settings = std::move(*settings);
  NodeNames names;
  for (const wire::LiveNode& from : message.nodes()) {
    auto node = take_node(message, from);
    if (!node) return Failure(node.error());
    names[NodeId{from.node()}] = node->inventory.name;
    live.nodes.push_back(std::move(*node));
  }
  live.partitions_down.assign(message.partitions_down().begin(), message.partitions_down().end());
  for (const wire::LiveJob& from : message.jobs()) {
    auto job = take_job(from, names);
    if (!job) return Failure(job.error().with_context("job " + from.name()));
    if (job->is_ending && job->shares.empty()) continue;  // it holds nothing any more
    live.jobs.push_back(std::move(*job));
  }
  sort_jobs(&live.jobs);
  if (const auto done = complete_arrays(&live.jobs); !done) return Failure(done.error());
  complete_dependencies(&live.jobs, live.now);
  live.usage = take_usage(message);
  return live;
}

}  // namespace cox::sim
