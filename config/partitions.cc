// [[partition]]: queues, the nodes they feed, their limits, and how jobs share the nodes.
#include <algorithm>
#include <memory>

#include "config/reading.h"
#include "config/texts.h"

namespace cox::config {
namespace {

constexpr std::int64_t job_nodes_max = 1'000'000;
constexpr std::int64_t tier_max = 1000;
constexpr std::int64_t partition_weight_max = 1'000'000;
constexpr std::uint32_t rows_default = 2;
// Turns end when the controller looks at the time, once a second.
constexpr Duration slice_min = seconds(1);
constexpr Duration slice_max = minutes(1440);

/// Words that stand for several values of the partition.
struct Words {
  std::string cpu = "core";
  std::string share = "cores";
  std::uint32_t rows = rows_default;
};

std::vector<Key> keys_of(Reader& reader, PartitionSettings* to, Words* words) {
  const std::string at = "partition.";
  return {
      {"name", reader.checked(at + "name", &check_name, &to->name)},
      {"nodes", reader.checked(at + "nodes", &check_nodes, &to->nodes)},
      {"select", reader.checked(at + "select", &check_selector, &to->select)},
      {"default", reader.flag(at + "default", &to->is_default)},
      {"default_time", reader.time_limit(at + "default_time", &to->default_time)},
      {"max_time", reader.time_limit(at + "max_time", &to->max_time)},
      {"max_nodes", reader.number(at + "max_nodes", 0, job_nodes_max, &to->max_nodes)},
      {"tier", reader.number(at + "tier", 0, tier_max, &to->tier)},
      {"cpu", reader.choice(at + "cpu", {"core", "thread"}, {}, &words->cpu)},
      {"share", reader.choice(at + "share", {"cores", "nodes", "timeslice"}, {}, &words->share)},
      {"rows", reader.number(at + "rows", 2, slice_rows_max, &words->rows)},
      {"slice", reader.span(at + "slice", slice_min, slice_max, &to->slice)},
      {"weight", reader.number(at + "weight", 0, partition_weight_max, &to->weight)}};
}

/// The place of a key's value, or of the table without it.
toml::source_region place_of(const toml::table& table, const char* key) {
  const toml::node* value = table.get(key);
  return value == nullptr ? table.source() : value->source();
}

/// Whether a label that `select` names is anywhere: else the partition is empty by a mistake.
void check_select(Reading& reading,
                  const toml::source_region& place,
                  const PartitionSettings& partition) {
  const auto selector = Selector::parse(partition.select);
  if (!selector) return;
  const auto& nodes = reading.config.settings.nodes;
  const bool is_empty = std::ranges::none_of(
      nodes, [&](const NodeSettings& node) { return selector->matches(node.labels); });
  if (!is_empty || (nodes.empty() && selector->matches(Labels{}))) return;
  reading.reader.warn(
      place, "partition.select",
      '"' + partition.select + "\" selects no [[node]]: partition " + partition.name + " is empty");
}

/// Keys that say how turns are taken, where none are.
void check_share(Reader& reader, const toml::table& table, const std::string& share) {
  if (share == "timeslice") return;
  for (const char* key : {"rows", "slice"}) {
    if (!table.contains(key)) continue;
    reader.complain(place_of(table, key), std::string("partition.") + key,
                    "goes with share = \"timeslice\", and the share is \"" + share + '"');
  }
}

/// Where the nodes of a partition are named.
toml::source_region place_of_nodes(const toml::table& table) {
  return place_of(table, table.contains("nodes") ? "nodes" : "select");
}

using Places = std::vector<toml::source_region>;

void add(Reading& reading, Places& places, PartitionSettings partition, const toml::table& table) {
  auto& all = reading.config.settings.partitions;
  const auto rival = std::ranges::find_if(all, &PartitionSettings::is_default);
  if (partition.is_default && rival != all.end()) {
    return reading.reader.complain(
        place_of(table, "default"), "partition.default",
        '"' + rival->name + "\" and \"" + partition.name + "\" both say true");
  }
  reading.afterwards.emplace_back(
      [&reading, partition, nodes = place_of(table, "nodes"), select = place_of(table, "select")] {
        check_known_nodes(reading, nodes, "partition.nodes", partition.nodes);
        if (!partition.select.empty()) check_select(reading, select, partition);
      });
  all.push_back(std::move(partition));
  places.push_back(place_of_nodes(table));
}

void take_partition(Reading& reading, Names& names, Places& places, const toml::table& table) {
  PartitionSettings partition;
  partition.name.clear();
  partition.is_default = false;
  Words words;
  Reader& reader = reading.reader;
  const std::size_t before = reader.complaints().size();
  reader.read(table, "partition", keys_of(reader, &partition, &words));
  check_share(reader, table, words.share);
  partition.cpu_is_thread = words.cpu == "thread";
  partition.whole_nodes = words.share != "cores";
  if (words.share == "timeslice") partition.rows = words.rows;
  if (!table.contains("default_time")) partition.default_time = partition.max_time;
  if (partition.default_time > partition.max_time) {
    reader.complain(place_of(table, "default_time"), "partition.default_time",
                    "is longer than max_time");
  }
  const bool is_named = names.take(reading, partition.name, table);
  if (!is_named || reader.complaints().size() != before) return;
  add(reading, places, std::move(partition), table);
}

void choose_default(Reading& reading, const toml::node& node) {
  auto& all = reading.config.settings.partitions;
  if (all.empty()) {
    // Partitions that were refused have their own complaints.
    if (!reading.has_complaints()) {
      reading.reader.complain(node.source(), "partition",
                              "an empty list; leave it out for the default");
    }
    return;
  }
  const bool has_default = std::ranges::any_of(all, &PartitionSettings::is_default);
  if (!has_default) all.front().is_default = true;
}

}  // namespace

std::vector<Key> partition_keys(Reading& reading) {
  const auto names = std::make_shared<Names>("partition");
  const auto places = std::make_shared<Places>();
  const auto read =
      reading.reader.tables("partition", [&reading, names, places](const toml::table& table) {
        take_partition(reading, *names, *places, table);
      });
  return {{"partition", [&reading, places, read](const toml::node& node) {
             reading.config.settings.partitions.clear();
             read(node);
             choose_default(reading, node);
             reading.afterwards.emplace_back([&reading, places] { check_turns(reading, *places); });
           }}};
}

}  // namespace cox::config
