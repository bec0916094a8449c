// See reservations.h. A job that shares no node with another partition is kept by counting: at its
// start it must still fit. Others keep their exact nodes.
#include "core/schedule/reservations.h"

#include <algorithm>

namespace cox::core {
namespace {

/// Each try looks at all nodes, within one slice of the plan.
constexpr int tries_max = 16;

bool shares_nodes(const std::vector<const Bitset*>& ready, std::size_t partition) {
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (i != partition && ready[i]->intersects(*ready[partition])) return true;
  }
  return false;
}

Bitset nodes_of(const std::vector<Part>& parts, const Bitset& ready) {
  Bitset nodes(ready.size());
  for (const Part& part : parts) nodes.set(part.node.value);
  return nodes;
}

bool concerns(const Reservation& one, Second end, const Above& above) {
  if (one.prospect == nullptr) return false;
  if (above.has_value() && !(one.head.place < *above)) return false;
  return end > one.start || end == second_never;
}

bool touches(const Reservation& one, const Allocation& allocation) {
  return std::ranges::any_of(allocation.nodes, [&one](const NodeShare& share) {
    return one.nodes.test(share.node.value);
  });
}

}  // namespace

void Reservations::clear() {
  is_known_ = false;
  all_.clear();
}

void Reservations::rebuild(const State& state,
                           const Timeline& running,
                           const LicenseTimeline& licenses,
                           const std::vector<Head>& heads,
                           const std::vector<const Bitset*>& ready) {
  clear();
  is_known_ = true;
  std::optional<Timeline> shared;  // with what the jobs before take
  licenses_ = licenses;
  LicenseTimeline left = licenses;  // likewise
  for (const Head& head : heads) {
    const Job& job = *state.find_job(head.place.job);
    const bool is_alone = !shares_nodes(ready, head.partition);
    if (!is_alone && !shared.has_value()) shared = running;
    const Timeline& timeline = is_alone ? running : *shared;
    auto prospect =
        std::make_unique<Prospect>(state, state.record.settings.partitions[head.partition],
                                   *ready[head.partition], job.request);
    Reservation& one = all_.emplace_back();
    one.head = head;
    one.is_alone = is_alone;
    const auto start = prospect->advance(timeline, left, job.request.time_limit, 0);
    if (!start.has_value()) continue;
    one.start = *start;
    one.end = end_second(*start, job.request.time_limit);
    one.prospect = std::move(prospect);
    one.licenses = licenses_of(job.request);
    left.take(one.licenses, one.start, one.end);
    if (is_alone) continue;
    const std::vector<Part> parts = one.prospect->choose();
    one.nodes = nodes_of(parts, *ready[head.partition]);
    shared->reserve(one.start, one.end, parts);
  }
}

std::optional<Second> Reservations::add(const State& state,
                                        Timeline& timeline,
                                        LicenseTimeline& licenses,
                                        const Head& head,
                                        const Bitset& ready,
                                        Second not_before,
                                        const Allowed& allowed) {
  is_known_ = true;
  const JobRequest& request = state.find_job(head.place.job)->request;
  const PartitionSettings& partition = state.record.settings.partitions[head.partition];
  Second from = not_before;
  for (int tries = 0; tries < tries_max; ++tries) {
    auto prospect = std::make_unique<Prospect>(state, partition, ready, request);
    const auto start = prospect->advance(timeline, licenses, request.time_limit, from);
    if (!start.has_value()) return start;
    const std::vector<Part> parts = prospect->choose();
    const auto first = allowed(parts, *start);
    if (!first.has_value()) return first;
    from = *first;
    if (from > *start) continue;  // its turn comes later: there it may be placed otherwise
    Reservation& one = all_.emplace_back();
    one.head = head;
    one.start = *start;
    one.end = end_second(*start, request.time_limit);
    one.nodes = nodes_of(parts, ready);
    one.prospect = std::move(prospect);
    one.licenses = licenses_of(request);
    licenses.take(one.licenses, one.start, one.end);
    timeline.reserve(one.start, one.end, parts);
    return start;
  }
  return std::nullopt;
}

bool Reservations::refuses(std::size_t partition, std::uint64_t cores, Second end) const {
  return std::ranges::any_of(all_, [&](const Reservation& one) {
    return one.is_alone && one.head.partition == partition && concerns(one, end, {}) &&
           cores > one.prospect->spare_cores();
  });
}

bool Reservations::allows(const Allocation& allocation,
                          const JobRequest& request,
                          Second end,
                          const Above& above) {
  std::optional<std::vector<Part>> parts;
  for (const Reservation& one : all_) {
    if (!concerns(one, end, above)) continue;
    if (!one.is_alone) {
      if (touches(one, allocation)) return false;
      continue;
    }
    if (!parts.has_value()) parts = parts_of(allocation, request);
    if (!one.prospect->survives(*parts)) return false;
  }
  return true;
}

bool Reservations::allows_licenses(const Licenses& asked, Second end, const Above& above) const {
  if (asked.empty()) return true;
  LicenseTimeline left = licenses_;
  for (const Reservation& one : all_) {
    if (concerns(one, end, above)) left.take(one.licenses, one.start, one.end);
  }
  return left.lasts_from_now(asked, end);
}

std::optional<Bitset> Reservations::around(const Bitset& ready, Second end, const Above& above) {
  std::optional<Bitset> rest;
  for (Reservation& one : all_) {
    if (!concerns(one, end, above) || !one.prospect->candidates().intersects(ready)) continue;
    if (one.is_alone) one.nodes = nodes_of(one.prospect->choose(), ready);
    if (!rest.has_value()) rest = ready;
    *rest -= one.nodes;
  }
  return rest;
}

void Reservations::started(const Allocation& allocation, const JobRequest& request, Second end) {
  licenses_.take_from_now(licenses_of(request), end);
  std::optional<std::vector<Part>> parts;
  for (Reservation& one : all_) {
    if (!one.is_alone || !concerns(one, end, {})) continue;
    if (!parts.has_value()) parts = parts_of(allocation, request);
    one.prospect->lose(*parts);
  }
}

}  // namespace cox::core
