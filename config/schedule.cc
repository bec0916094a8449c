// [scheduling] and [priority]: in which order jobs start, and when a node is given up.
#include <initializer_list>
#include <memory>
#include <string>

#include "config/reading.h"

namespace cox::config {
namespace {

constexpr std::int64_t jobs_per_user_max = 100'000'000;
constexpr std::int64_t weight_max = 1'000'000'000;
// Thousandths of a core: a device may be worth a hundred.
constexpr std::int64_t charge_max = 100'000;
constexpr std::int64_t fan_out_min = 2, fan_out_max = 1000;
constexpr std::int64_t reservations_max = 100'000;

std::string seconds_text(Duration span) {
  return std::to_string(span.us / seconds(1).us) + "s";
}

/// Where the first of `keys` that is given stands; else where their table does.
toml::source_region place_of(const toml::node& table, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const toml::node* found = table.is_table() ? table.as_table()->get(key) : nullptr;
    if (found != nullptr) return found->source();
  }
  return table.source();
}

void check_spans(Reading& reading, const toml::source_region& place) {
  const Settings& settings = reading.config.settings;
  if (settings.lost_after > settings.silent_after) return;
  reading.reader.complain(place, "scheduling.lost_after",
                          seconds_text(settings.lost_after) +
                              " must be longer than silent_after, which is " +
                              seconds_text(settings.silent_after));
}

/// Steeper ages would leave no room for the other terms in a key of 64 bits.
void check_age(Reading& reading, const toml::source_region& place) {
  constexpr std::int64_t points_per_second = 1000;
  const PrioritySettings& terms = reading.config.settings.priority_terms;
  const std::int64_t most = terms.max_age.us / seconds(1).us * points_per_second;
  if (terms.age <= most) return;
  reading.reader.complain(place, "priority.age",
                          "at most " + std::to_string(most) + " with this max_age");
}

std::vector<Key> keys_of_scheduling(Reading& reading) {
  Reader& reader = reading.reader;
  Settings& settings = reading.config.settings;
  const std::string at = "scheduling.";
  const auto fence = std::make_shared<std::string>("none");
  return {
      {"select", reader.choice(at + "select", {"topology", "linear"}, {}, &settings.select)},
      {"priority", reader.choice(at + "priority", {"multifactor", "fifo"}, {}, &settings.priority)},
      {"silent_after",
       reader.span(at + "silent_after", seconds(1), minutes(60), &settings.silent_after)},
      {"lost_after",
       reader.span(at + "lost_after", seconds(2), minutes(7 * 1440), &settings.lost_after)},
      {"kill_wait", reader.span(at + "kill_wait", seconds(0), minutes(60), &settings.kill_wait)},
      {"back_off", reader.span(at + "back_off", seconds(1), minutes(60), &settings.back_off)},
      {"jobs_per_user",
       reader.number(at + "jobs_per_user", 1, jobs_per_user_max, &settings.jobs_per_user)},
      {"fan_out", reader.number(at + "fan_out", fan_out_min, fan_out_max, &settings.fan_out)},
      {"fence",
       [&reading, fence](const toml::node& node) {
         reading.reader.choice("scheduling.fence", {"none", "self"}, {}, fence.get())(node);
         reading.config.settings.fence_self = *fence == "self";
       }},
      {"backfill",
       reader.choice("scheduling.backfill", {"none", "easy", "easy-sjbf", "conservative"}, {},
                     &settings.backfill)},
      {"reservations",
       reader.number(at + "reservations", 0, reservations_max, &settings.reservations)}};
}

std::vector<Key> keys_of_priority(Reading& reading) {
  Reader& reader = reading.reader;
  PrioritySettings& terms = reading.config.settings.priority_terms;
  const std::string at = "priority.";
  const Duration year = minutes(std::int64_t{366} * 1440);
  return {
      {"age", reader.number(at + "age", 0, weight_max, &terms.age)},
      {"fairshare", reader.number(at + "fairshare", 0, weight_max, &terms.fairshare)},
      {"size", reader.number(at + "size", 0, weight_max, &terms.size)},
      {"partition", reader.number(at + "partition", 0, weight_max, &terms.partition)},
      {"qos", reader.number(at + "qos", 0, weight_max, &terms.qos)},
      {"max_age", reader.span(at + "max_age", minutes(1), year, &terms.max_age)},
      {"half_life", reader.span(at + "half_life", minutes(1), year, &terms.half_life)},
      {"charge_period",
       reader.span(at + "charge_period", seconds(1), minutes(1440), &terms.charge_period)},
      {"charge_core", reader.number(at + "charge_core", 0, charge_max, &terms.charge_core)},
      {"charge_gib", reader.number(at + "charge_gib", 0, charge_max, &terms.charge_gib)},
      {"charge_device", reader.number(at + "charge_device", 0, charge_max, &terms.charge_device)}};
}

}  // namespace

std::vector<Key> schedule_keys(Reading& reading) {
  const auto read = reading.reader.table("scheduling", keys_of_scheduling(reading));
  const auto terms = reading.reader.table("priority", keys_of_priority(reading));
  return {{"scheduling",
           [&reading, read](const toml::node& node) {
             read(node);
             const auto place = place_of(node, {"lost_after", "silent_after"});
             reading.afterwards.emplace_back([&reading, place] { check_spans(reading, place); });
           }},
          {"priority", [&reading, terms](const toml::node& node) {
             terms(node);
             const auto place = place_of(node, {"age", "max_age"});
             reading.afterwards.emplace_back([&reading, place] { check_age(reading, place); });
           }}};
}

}  // namespace cox::config
