// See trial.h.
#include "core/schedule/trial.h"

#include <algorithm>
#include <variant>

#include "core/job/array.h"
#include "core/job/waits.h"
#include "core/schedule/constrained.h"
#include "core/schedule/licenses.h"

namespace cox::core {
namespace {

Selection ask(const State& state,
              const SelectPolicy& select,
              const PartitionSettings& partition,
              const Constrained& nodes,
              std::size_t group,
              const JobRequest& request) {
  const FreeNodes view{nodes.group(group),   state.record.nodes,      state.index.free,
                       state.record.classes, partition.cpu_is_thread, partition.whole_nodes,
                       partition.max_nodes,  partition.rows,          nodes.closed(),
                       nodes.kinds()};
  return select.select(request, view);
}

/// Of two answers the one that is nearer to a placement; the first of equals.
void keep_nearer(Selection& best, Selection other) {
  const auto* best_wait = std::get_if<NotNow>(&best);
  const auto* other_wait = std::get_if<NotNow>(&other);
  const bool is_nearer =
      std::holds_alternative<Placement>(other) ||
      (other_wait != nullptr && (best_wait == nullptr || other_wait->amount < best_wait->amount));
  if (is_nearer) best = std::move(other);
}

/// The first group of nodes with room for it, as the constraint names them.
Selection ask_groups(const State& state,
                     const SelectPolicy& select,
                     const PartitionSettings& partition,
                     const Constrained& nodes,
                     const JobRequest& request) {
  Selection best = ask(state, select, partition, nodes, 0, request);
  for (std::size_t i = 1; i < nodes.groups(); ++i) {
    if (std::holds_alternative<Placement>(best)) break;
    keep_nearer(best, ask(state, select, partition, nodes, i, request));
  }
  return best;
}

/// The first row with room for the request, which fits the nodes as if they were in one.
Trial try_rows(const State& state,
               const SelectPolicy& select,
               const PartitionSettings& partition,
               const Bitset& ready,
               const JobRequest& request) {
  static const SliceMatrix no_jobs;
  const auto found = state.index.sliced.find(partition.name);
  const SliceMatrix& matrix = found == state.index.sliced.end() ? no_jobs : found->second.matrix;
  std::uint64_t missing = 1;
  for (std::uint32_t row = 1; row <= partition.rows; ++row) {
    const Constrained nodes(state, matrix.free_in(row, ready), request);
    Selection answer = ask_groups(state, select, partition, nodes, request);
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
    case Reason::licenses:
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

namespace {

/// As far as nodes are concerned.
Trial try_nodes(const State& state,
                const SelectPolicy& select,
                const PartitionSettings& partition,
                const Bitset& ready,
                const JobRequest& request) {
  const Constrained nodes(state, ready, request);
  Selection answer = ask_groups(state, select, partition, nodes, request);
  if (auto* placement = std::get_if<Placement>(&answer)) {
    if (partition.takes_turns()) return try_rows(state, select, partition, ready, request);
    return Trial{std::move(placement->allocation), Blocked{}, false};
  }
  if (const auto* wait = std::get_if<NotNow>(&answer)) {
    return Trial{std::nullopt, Blocked{wait->code, wait->amount}, false};
  }
  const Never never = std::get<Never>(answer);
  const Constrained all(state, partition_nodes(state, partition.name), request);
  const std::size_t away = all.nodes().count() - nodes.nodes().count();
  const bool fits_all = away > 0 && !std::holds_alternative<Never>(
                                        ask_groups(state, select, partition, all, request));
  if (fits_all) return Trial{std::nullopt, Blocked{Reason::nodes_unavailable, away}, true};
  // Where none has come yet nothing is said of what it asks for.
  const bool has_none = partition_nodes(state, partition.name).none();
  if (has_none) return Trial{std::nullopt, Blocked{Reason::nodes_unavailable, 0}, true};
  // From some moment on other nodes will do.
  if (request.common->wishes->switches.ends()) {
    return Trial{std::nullopt, Blocked{Reason::resources, never.amount}, true};
  }
  return Trial{std::nullopt, Blocked{never.code, never.amount}, true};
}

}  // namespace

Trial try_place(const State& state,
                const SelectPolicy& select,
                const PartitionSettings& partition,
                const Bitset& ready,
                const JobRequest& request) {
  if (request.common->wishes.is_blank()) {
    return try_nodes(state, select, partition, ready, request);
  }
  const JobWishes& wishes = *request.common->wishes;
  if (!check_licenses(state.record.settings, wishes.licenses)) {
    return Trial{std::nullopt, Blocked{Reason::never_fits, 0}, true};
  }
  const std::uint64_t missing = licenses_missing(state, wishes.licenses);
  if (missing == 0 && !wishes.prefer.empty()) {
    const Bitset preferred = labelled_nodes(state, ready, wishes.prefer);
    Trial trial = try_nodes(state, select, partition, preferred, request);
    if (trial.allocation.has_value()) return trial;
  }
  Trial trial = try_nodes(state, select, partition, ready, request);
  if (missing == 0 || trial.is_hopeless) return trial;
  return Trial{std::nullopt, Blocked{Reason::licenses, missing}, false};
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
