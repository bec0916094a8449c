// See trial.h.
#include "core/schedule/trial.h"

#include <algorithm>
#include <variant>

#include "core/job/array.h"
#include "core/job/waits.h"

namespace cox::core {
namespace {

void exclude(const State& state, const JobRequest& request, Bitset& nodes) {
  for (const std::string& name : request.common->nodes_excluded) {
    const auto node = state.node_named(name);
    if (node.has_value() && nodes.test(node->value)) nodes.reset(node->value);
  }
}

Selection ask(const State& state,
              const SelectPolicy& select,
              const PartitionSettings& partition,
              const Bitset& candidates,
              const JobRequest& request) {
  const FreeNodes view{candidates,           state.record.nodes,      state.index.free,
                       state.record.classes, partition.cpu_is_thread, partition.whole_nodes,
                       partition.max_nodes,  partition.rows};
  return select.select(request, view);
}

/// The first row with room for the request, which fits the nodes as if they were in one.
Trial try_rows(const State& state,
               const SelectPolicy& select,
               const PartitionSettings& partition,
               const Bitset& candidates,
               const JobRequest& request) {
  static const SliceMatrix no_jobs;
  const auto found = state.index.sliced.find(partition.name);
  const SliceMatrix& matrix = found == state.index.sliced.end() ? no_jobs : found->second.matrix;
  std::uint64_t missing = 1;
  for (std::uint32_t row = 1; row <= partition.rows; ++row) {
    const Bitset free = matrix.free_in(row, candidates);
    Selection answer = ask(state, select, partition, free, request);
    if (auto* placement = std::get_if<Placement>(&answer)) {
      placement->allocation.row = row;
      return Trial{std::move(placement->allocation), Blocked{}, false};
    }
    if (const auto* wait = std::get_if<NotNow>(&answer)) missing = wait->amount;
    if (row > matrix.rows()) break;  // the rows behind it are as empty
  }
  return Trial{std::nullopt, Blocked{Reason::resources, missing}, false};
}

/// Without those nodes where jobs of another partition take turns, or of this one as it was
/// configured before.
void leave_out_rows(const State& state, const std::string& partition, Bitset& nodes) {
  const PartitionSettings* own = find_partition(state.record.settings, partition);
  for (const auto& [name, sliced] : state.index.sliced) {
    if (name == partition && own != nullptr && own->takes_turns()) continue;
    for (std::uint32_t row = 1; row <= sliced.matrix.rows(); ++row) {
      nodes = sliced.matrix.free_in(row, nodes);
    }
  }
}

/// What it waits for has not come true.
Blocked blocked_by_others(const State& state, const Job& job) {
  if (dependency_answer(state, job).met == Met::never) return Blocked{Reason::dependency_never, 0};
  const bool has_own = state.index.waits.jobs.contains(job.id);
  const auto waits = state.index.waits.jobs.find(has_own ? job.id : job.array);
  std::uint64_t open = singles_ahead(state, job);
  if (waits != state.index.waits.jobs.end()) {
    for (const std::uint32_t one : waits->second.open) open += one;
  }
  return Blocked{Reason::dependency, open};
}

int rank(Reason code) {
  switch (code) {
    case Reason::none:
      return 0;
    case Reason::resources:
      return 1;
    case Reason::priority:
      return 2;
    case Reason::begin_time:
      return 3;
    case Reason::nodes_unavailable:
      return 4;
    case Reason::partition_down:
      return 5;
    case Reason::partition_time_limit:
    case Reason::partition_node_limit:
      return 6;
    case Reason::never_fits:
      return 7;
    default:
      return 8;
  }
}

}  // namespace

const PartitionSettings* find_partition(const Settings& settings, const std::string& name) {
  const auto found = std::ranges::find(settings.partitions, name, &PartitionSettings::name);
  return found == settings.partitions.end() ? nullptr : &*found;
}

Bitset partition_nodes(const State& state, const std::string& partition) {
  const auto found = state.index.partition_nodes.find(partition);
  return found == state.index.partition_nodes.end() ? Bitset(state.record.nodes.size())
                                                    : found->second;
}

Bitset ready_nodes(const State& state, const Contact& contact, const std::string& partition) {
  Bitset ready = partition_nodes(state, partition);
  ready &= state.index.usable;
  Bitset away(ready.size());
  ready.for_each([&](std::size_t i) {
    const NodeId node{static_cast<std::uint32_t>(i)};
    if (!contact.is_connected(node) || contact.silent.test(i) || contact.is_cluttered(node)) {
      away.set(i);
    }
  });
  ready -= away;
  leave_out_rows(state, partition, ready);
  return ready;
}

Bitset allowed_nodes(const State& state, const Bitset& nodes, const JobRequest& request) {
  Bitset allowed = nodes;
  exclude(state, request, allowed);
  return allowed;
}

Trial try_place(const State& state,
                const SelectPolicy& select,
                const PartitionSettings& partition,
                const Bitset& ready,
                const JobRequest& request) {
  const Bitset candidates = allowed_nodes(state, ready, request);
  Selection answer = ask(state, select, partition, candidates, request);
  if (auto* placement = std::get_if<Placement>(&answer)) {
    if (partition.takes_turns()) return try_rows(state, select, partition, candidates, request);
    return Trial{std::move(placement->allocation), Blocked{}, false};
  }
  if (const auto* wait = std::get_if<NotNow>(&answer)) {
    return Trial{std::nullopt, Blocked{wait->code, wait->amount}, false};
  }
  const Never never = std::get<Never>(answer);
  const Bitset all = allowed_nodes(state, partition_nodes(state, partition.name), request);
  const std::size_t away = all.count() - candidates.count();
  const bool fits_all =
      away > 0 && !std::holds_alternative<Never>(ask(state, select, partition, all, request));
  if (fits_all) return Trial{std::nullopt, Blocked{Reason::nodes_unavailable, away}, true};
  return Trial{std::nullopt, Blocked{never.code, never.amount}, true};
}

std::optional<Trial> try_elsewhere(const State& state,
                                   const SelectPolicy& select,
                                   const PartitionSettings& partition,
                                   const Bitset& ready,
                                   const Job& job) {
  const auto& avoided = state.index.avoided;
  auto next = avoided.lower_bound({job.id, NodeId{}});
  if (next == avoided.end() || next->first != job.id) return std::nullopt;
  Bitset rest = ready;
  for (; next != avoided.end() && next->first == job.id; ++next) rest.reset(next->second.value);
  Trial trial = try_place(state, select, partition, rest, job.request);
  if (!trial.allocation.has_value()) return std::nullopt;
  return trial;
}

Blocked nearer(const Blocked& a, const Blocked& b) {
  return rank(b.code) < rank(a.code) ? b : a;
}

Blocked blocked_by_itself(const State& state, const Job& job, Instant now) {
  switch (job.hold) {
    case Hold::by_user:
      return Blocked{Reason::held_by_user, 0};
    case Hold::by_admin:
      return Blocked{Reason::held_by_admin, 0};
    case Hold::by_system:
      return Blocked{Reason::held_by_system, job.run->starts_undone};
    case Hold::none:
      break;
  }
  const auto eligible = eligible_from(state, job);
  if (!eligible) return blocked_by_others(state, job);
  if (*eligible <= now) {
    if (!is_at_limit(state, job)) return Blocked{};
    return Blocked{Reason::array_limit, at_once_max(state, job)};
  }
  const std::int64_t left_us = eligible->us - now.us;
  return Blocked{Reason::begin_time, static_cast<std::uint64_t>((left_us + 999'999) / 1'000'000)};
}

}  // namespace cox::core
