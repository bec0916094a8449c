// [[partition]]: queues, the nodes they feed, and their limits.
#include <algorithm>
#include <memory>

#include "config/reading.h"
#include "config/texts.h"

namespace cox::config {
namespace {

constexpr std::int64_t job_nodes_max = 1'000'000;
constexpr std::int64_t tier_max = 1000;
constexpr std::int64_t partition_weight_max = 1'000'000;

std::vector<Key> keys_of(Reader& reader,
                         PartitionSettings* to,
                         std::string* cpu,
                         std::string* share) {
  const std::string at = "partition.";
  return {{"name", reader.checked(at + "name", &check_name, &to->name)},
          {"nodes", reader.checked(at + "nodes", &check_nodes, &to->nodes)},
          {"select", reader.checked(at + "select", &check_selector, &to->select)},
          {"default", reader.flag(at + "default", &to->is_default)},
          {"default_time", reader.time_limit(at + "default_time", &to->default_time)},
          {"max_time", reader.time_limit(at + "max_time", &to->max_time)},
          {"max_nodes", reader.number(at + "max_nodes", 0, job_nodes_max, &to->max_nodes)},
          {"tier", reader.number(at + "tier", 0, tier_max, &to->tier)},
          {"cpu", reader.choice(at + "cpu", {"core", "thread"}, {}, cpu)},
          {"share", reader.choice(at + "share", {"cores", "nodes"}, {"timeslice"}, share)},
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

void add(Reading& reading, PartitionSettings partition, const toml::table& table) {
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
}

void take_partition(Reading& reading, Names& names, const toml::table& table) {
  PartitionSettings partition;
  partition.name.clear();
  partition.is_default = false;
  std::string cpu = "core";
  std::string share = "cores";
  Reader& reader = reading.reader;
  const std::size_t before = reader.complaints().size();
  reader.read(table, "partition", keys_of(reader, &partition, &cpu, &share));
  partition.cpu_is_thread = cpu == "thread";
  partition.whole_nodes = share == "nodes";
  if (!table.contains("default_time")) partition.default_time = partition.max_time;
  if (partition.default_time > partition.max_time) {
    reader.complain(place_of(table, "default_time"), "partition.default_time",
                    "is longer than max_time");
  }
  const bool is_named = names.take(reading, partition.name, table);
  if (is_named && reader.complaints().size() == before) add(reading, std::move(partition), table);
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
  const auto read = reading.reader.tables("partition", [&reading, names](const toml::table& table) {
    take_partition(reading, *names, table);
  });
  return {{"partition", [&reading, read](const toml::node& node) {
             reading.config.settings.partitions.clear();
             read(node);
             choose_default(reading, node);
           }}};
}

}  // namespace cox::config
