// See bins.h.
#include "sim/bins.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "sim/figures.h"

namespace cox::sim {
namespace {

/// Sums up rectangles: each adds its height for as long as it is there.
class Area {
 public:
  Area(std::int64_t first_s, double width_s, std::size_t count)
      : first_s_(first_s), width_s_(width_s), own_(count), steps_(count + 1) {}

  void add(std::int64_t from_s, std::int64_t to_s, double height) {
    if (to_s <= from_s) return;
    const double from = place(from_s);
    const double to = place(to_s);
    const std::size_t first = bin(from);
    const std::size_t last = bin(to);
    if (first == last) {
      own_[first] += height * (to - from);
      return;
    }
    own_[first] += height * (static_cast<double>(first + 1) - from);
    own_[last] += height * (to - static_cast<double>(last));
    steps_[first + 1] += height;
    steps_[last] -= height;
  }

  /// The mean height of each piece.
  std::vector<double> means() const {
    std::vector<double> means = own_;
    double whole = 0;
    for (std::size_t i = 0; i < means.size(); ++i) {
      whole += steps_[i];
      means[i] = std::max(0.0, means[i] + whole);
    }
    return means;
  }

 private:
  double place(std::int64_t at_s) const { return static_cast<double>(at_s - first_s_) / width_s_; }

  std::size_t bin(double place) const {
    return std::min(static_cast<std::size_t>(place), own_.size() - 1);
  }

  std::int64_t first_s_;
  double width_s_;
  std::vector<double> own_;    // of rectangles that begin or end in the piece
  std::vector<double> steps_;  // how much those that cover whole pieces grow with each
};

/// Jobs that were submitted and have not started, most at once.
std::vector<std::uint32_t> peaks(const std::vector<Outcome>& outcomes, const TimeBins& bins) {
  std::map<std::int64_t, std::int64_t> changes;
  for (const Outcome& one : outcomes) {
    if (one.wait_s() == 0) continue;
    ++changes[one.submit_s];
    --changes[one.start_s];
  }
  std::vector<std::uint32_t> most(bins.used.size());
  std::int64_t level = 0;
  std::size_t at = 0;
  for (const auto& [second, change] : changes) {
    const double place = static_cast<double>(second - bins.first_s) / bins.width_s();
    const std::size_t bin = std::min(static_cast<std::size_t>(place), most.size() - 1);
    for (; at < bin; ++at) {
      // What ends with the piece before is not in this one.
      const bool lasts = at + 1 < bin || place > static_cast<double>(bin);
      if (lasts) most[at + 1] = static_cast<std::uint32_t>(level);
    }
    level += change;
    most[at] = std::max(most[at], static_cast<std::uint32_t>(level));
  }
  return most;
}

double rank_95(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[(values.size() * 95 + 99) / 100 - 1];
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

}  // namespace

TimeBins bins_over_time(const std::vector<Outcome>& outcomes, std::size_t count) {
  TimeBins bins;
  if (outcomes.empty() || count == 0) return bins;
  bins.first_s = std::ranges::min(outcomes, {}, &Outcome::submit_s).submit_s;
  bins.last_s = std::ranges::max(outcomes, {}, &Outcome::end_s).end_s;
  if (bins.last_s == bins.first_s) return bins;
  bins.used.resize(count);
  Area used(bins.first_s, bins.width_s(), count);
  Area waiting(bins.first_s, bins.width_s(), count);
  for (const Outcome& one : outcomes) {
    used.add(one.start_s, one.end_s, one.processors);
    waiting.add(one.submit_s, one.start_s, 1);
  }
  bins.used = used.means();
  bins.waiting = waiting.means();
  bins.peak = peaks(outcomes, bins);
  return bins;
}

std::vector<SizeBin> bins_by_size(const std::vector<Outcome>& outcomes) {
  std::map<int, std::pair<std::vector<double>, std::vector<double>>> by_power;  // waits, slowdowns
  for (const Outcome& one : outcomes) {
    auto& [waits, slowdowns] = by_power[std::bit_width(one.processors - 1)];
    waits.push_back(static_cast<double>(one.wait_s()));
    slowdowns.push_back(one.bounded_slowdown());
  }
  std::vector<SizeBin> bins;
  if (by_power.empty()) return bins;
  for (int power = by_power.begin()->first; power <= by_power.rbegin()->first; ++power) {
    const auto& [waits, slowdowns] = by_power[power];
    bins.push_back({std::uint64_t{1} << static_cast<unsigned>(power), waits.size(), mean_of(waits),
                    rank_95(waits), mean_of(slowdowns), rank_95(slowdowns)});
  }
  return bins;
}

}  // namespace cox::sim
