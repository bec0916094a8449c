// See licenses.h. A pool that the configuration does not have is one of none.
#include "core/schedule/licenses.h"

#include <algorithm>
#include <limits>

#include "common/text.h"
#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

constexpr std::size_t holders_named_max = 4;

std::uint64_t total_of(const Settings& settings, const std::string& name) {
  const auto pool = std::ranges::find(settings.licenses, name, &LicenseSettings::name);
  return pool == settings.licenses.end() ? 0 : pool->total;
}

std::uint64_t used_of(const State& state, const std::string& name) {
  const auto used = state.index.licenses_used.find(name);
  return used == state.index.licenses_used.end() ? 0 : used->second;
}

}  // namespace

const Licenses& licenses_of(const JobRequest& request) {
  return request.common->wishes->licenses;
}

std::vector<LicenseRoom> license_rooms(const State& state, const Licenses& asked) {
  std::vector<LicenseRoom> rooms;
  for (const LicenseRequest& one : asked) {
    rooms.push_back({one, total_of(state.record.settings, one.name), used_of(state, one.name)});
  }
  return rooms;
}

std::uint64_t licenses_missing(const State& state, const Licenses& asked) {
  std::uint64_t missing = 0;
  for (const LicenseRoom& room : license_rooms(state, asked)) missing += room.missing();
  return missing;
}

Result<void> check_licenses(const Settings& settings, const Licenses& asked) {
  for (const LicenseRequest& one : asked) {
    const std::string head = "--licenses " + quoted(one.name) + ":" + std::to_string(one.count);
    const auto pool = std::ranges::find(settings.licenses, one.name, &LicenseSettings::name);
    if (pool == settings.licenses.end()) {
      std::vector<std::string> known;
      for (const LicenseSettings& other : settings.licenses) known.push_back(other.name);
      const auto near = nearest(one.name, known);
      return fail(Code::refused, head + ": the cluster has no such license" +
                                     (near ? "; did you mean " + *near + "?" : ""));
    }
    if (one.count <= pool->total) continue;
    return fail(Code::refused, head + ": the cluster has " + std::to_string(pool->total));
  }
  return {};
}

std::vector<std::pair<JobId, std::uint32_t>> license_holders(const State& state,
                                                             const std::string& name) {
  std::vector<std::pair<JobId, std::uint32_t>> holders;
  if (used_of(state, name) == 0) return holders;
  for (const JobId id : state.index.unended) {
    const Job& job = *state.find_job(id);
    if (!is_live(job)) continue;
    for (const LicenseRequest& one : licenses_of(job.request)) {
      if (one.name == name) holders.emplace_back(id, one.count);
    }
  }
  return holders;
}

std::string license_room_text(const State& state, const LicenseRoom& room) {
  std::string text = std::to_string(room.asked.count) + " asked, " + std::to_string(room.free()) +
                     " of " + std::to_string(room.total) + " free";
  const auto holders = license_holders(state, room.asked.name);
  std::uint64_t others = 0;
  for (std::size_t i = 0; i < holders.size(); ++i) {
    const auto& [id, count] = holders[i];
    if (i >= holders_named_max) {
      others += count;
      continue;
    }
    text += ", " + std::to_string(count) + (i == 0 ? " held by " : " by ") +
            job_text(*state.find_job(id));
  }
  return others == 0 ? text : text + ", " + std::to_string(others) + " by others";
}

LicenseTimeline::LicenseTimeline(const State& state, const Running& running, Instant now)
    : now_(now.us / us_per_second - 1) {
  for (const LicenseSettings& one : state.record.settings.licenses) {
    const auto used = static_cast<std::int64_t>(used_of(state, one.name));
    pools_.emplace(one.name, Profile(now_, static_cast<std::int64_t>(one.total) - used));
  }
  if (state.index.licenses_used.empty()) return;
  for (const auto& [end, id] : running.by_end()) {
    if (end.us == std::numeric_limits<std::int64_t>::max()) break;  // it has no limit
    // What is expected soon comes after now, and before every other change.
    const Second at = end > now ? end_second(end, Duration{}) : now_ + 1;
    for (const LicenseRequest& one : licenses_of(state.find_job(id)->request)) {
      const auto found = pools_.find(one.name);
      if (found != pools_.end()) found->second.add(at, second_never, one.count);
    }
  }
}

const Profile* LicenseTimeline::pool(const std::string& name) const {
  const auto found = pools_.find(name);
  return found == pools_.end() ? nullptr : &found->second;
}

bool LicenseTimeline::lasts_from_now(const Licenses& asked, Second end) const {
  return std::ranges::all_of(asked, [&](const LicenseRequest& one) {
    const Profile* free = pool(one.name);
    return free != nullptr && free->lasts(now_, one.count, end);
  });
}

std::optional<Second> LicenseTimeline::earliest(const Licenses& asked,
                                                Second from,
                                                Duration length) const {
  const Second seconds =
      length >= duration_unlimited ? second_never : second_of(Instant{length.us});
  Second start = from;
  for (std::size_t settled = 0, i = 0; settled < asked.size(); i = (i + 1) % asked.size()) {
    const Profile* free = pool(asked[i].name);
    if (free == nullptr) return std::nullopt;
    const auto first = free->earliest(start, asked[i].count, seconds);
    if (!first.has_value()) return std::nullopt;
    settled = *first == start ? settled + 1 : 1;
    start = *first;
  }
  return start;
}

void LicenseTimeline::take(const Licenses& asked, Second from, Second to) {
  for (const LicenseRequest& one : asked) {
    const auto found = pools_.find(one.name);
    if (found != pools_.end()) found->second.add(from, to, -std::int64_t{one.count});
  }
}

}  // namespace cox::core
