// See outlook.h.
#include "core/schedule/outlook.h"

#include <algorithm>

#include "core/schedule/backfill.h"

namespace cox::core {

Outlook::Outlook(const State& state,
                 const Contact& contact,
                 Instant now,
                 Policies policies,
                 const PartitionSettings& partition,
                 const Job& job,
                 std::uint32_t index)
    : state_(state),
      contact_(contact),
      now_(now),
      policies_(policies),
      partition_(partition),
      ready_(ready_nodes(state, contact, partition.name)),
      order_(state, now, policies, partition, ready_),
      mine_(order_.place_of(job)),
      ahead_(order_.ahead_of(job, index)),
      blocker_(order_.first_waiting(ahead_)) {}

Trial Outlook::trial(const JobRequest& request) const {
  return try_place(state_, *policies_.select, partition_, ready_, request);
}

std::vector<std::optional<Place>> Outlook::first_waiting() const {
  std::vector<std::optional<Place>> heads;
  for (const PartitionSettings& partition : state_.record.settings.partitions) {
    const Bitset ready = ready_nodes(state_, contact_, partition.name);
    const QueueOrder order(state_, now_, policies_, partition, ready);
    const auto head = order.first_waiting(order.all());
    heads.emplace_back();
    if (state_.record.partitions_down.contains(partition.name)) continue;
    if (partition.takes_turns()) continue;  // nothing is promised there
    if (head.has_value()) heads.back() = order.place_of(*state_.find_job(*head));
  }
  return heads;
}

bool Outlook::shares(const JobRequest& request) const {
  if (!licenses_of(request).empty()) return state_.record.settings.partitions.size() > 1;
  const Bitset own = partition_nodes(state_, partition_.name);
  return std::ranges::any_of(state_.record.settings.partitions, [&](const auto& other) {
    return other.name != partition_.name && partition_nodes(state_, other.name).intersects(own);
  });
}

std::optional<Allocation> Outlook::start_now(const JobRequest& request, const Trial& trial) {
  const BackfillKind kind = backfill_kind(state_.record.settings);
  const bool is_first = !blocker_.has_value();
  if (!trial.allocation.has_value()) return std::nullopt;
  if (partition_.takes_turns()) return is_first ? trial.allocation : std::nullopt;
  if (kind == BackfillKind::none && is_first) return trial.allocation;
  if (kind != BackfillKind::easy && kind != BackfillKind::easy_sjbf) {
    return is_first && !shares(request) ? trial.allocation : std::nullopt;
  }
  if (!overtaking_.has_value()) {
    auto heads = first_waiting();
    for (auto& head : heads) {
      // Of the first, only what comes before it is in the way.
      if (is_first && head.has_value() && !(*head < mine_)) head.reset();
    }
    overtaking_.emplace(state_, contact_, now_, *policies_.select, heads);
  }
  const auto index =
      static_cast<std::size_t>(&partition_ - state_.record.settings.partitions.data());
  return overtaking_->placed(index, request, *trial.allocation);
}

Forecast Outlook::forecast(const JobRequest& request) {
  if (partition_.takes_turns()) return Forecast{};  // nobody can tell when a job there ends
  if (!forecaster_.has_value()) {
    forecaster_.emplace(state_, now_, partition_, ready_, order_.hopeful(ahead_));
  }
  return forecaster_->start_of(request);
}

}  // namespace cox::core
