// See expectation.h. A function of Record, so no fact is needed: registrations and configurations
// change it by themselves.
#include "core/fleet/expectation.h"

#include <algorithm>
#include <numeric>

#include "common/count_text.h"
#include "model/memory_text.h"

namespace cox::core {
namespace {

struct Reported {
  std::uint64_t cores = 0;
  std::int64_t memory_mib = 0;
  std::uint64_t gpus = 0;
};

Reported reported(const Record& record, const Node& node) {
  const NodeClass& node_class = record.classes[node.node_class.value];
  Reported found;
  found.cores = node_class.cores.size();
  found.memory_mib =
      std::accumulate(node.memory_mib.begin(), node.memory_mib.end(), std::int64_t{0});
  found.gpus = static_cast<std::uint64_t>(std::ranges::count_if(
      node_class.devices, [](const DeviceInfo& device) { return device.name == "gpu"; }));
  return found;
}

void append_part(std::string& text, const std::string& part) {
  text += (text.empty() ? "it reports " : ", ") + part;
}

}  // namespace

const NodeSettings* settings_of(const Index& index, const Settings& settings, const Node& node) {
  const auto found = index.settings_of_node.find(node.name);
  return found == index.settings_of_node.end() ? nullptr : &settings.nodes[found->second];
}

const NodeSettings* settings_of(const State& state, const Node& node) {
  return settings_of(state.index, state.record.settings, node);
}

const Labels& labels_of(const State& state, const Node& node) {
  static const Labels none;
  const NodeSettings* settings = settings_of(state, node);
  return settings == nullptr ? none : settings->labels;
}

bool is_unlisted(const State& state, const Node& node) {
  return !state.record.settings.nodes.empty() && settings_of(state, node) == nullptr;
}

bool is_short(const Index& index, const Record& record, const Node& node) {
  const NodeSettings* settings = settings_of(index, record.settings, node);
  if (settings == nullptr || settings->expect == NodeExpectation{}) return false;
  const Reported has = reported(record, node);
  return has.cores < settings->expect.cores || has.memory_mib < settings->expect.memory_mib ||
         has.gpus < settings->expect.gpus;
}

std::string shortfall(const State& state, const Node& node) {
  std::string text;
  if (!is_short(state.index, state.record, node)) return text;
  const NodeExpectation& expect = settings_of(state, node)->expect;
  const Reported has = reported(state.record, node);
  if (has.cores < expect.cores) {
    append_part(
        text, count_text(has.cores, "core") + " of " + std::to_string(expect.cores) + " expected");
  }
  if (has.memory_mib < expect.memory_mib) {
    append_part(text, memory_text(has.memory_mib) + " of memory of " +
                          memory_text(expect.memory_mib) + " expected");
  }
  if (has.gpus < expect.gpus) {
    append_part(text,
                count_text(has.gpus, "GPU") + " of " + std::to_string(expect.gpus) + " expected");
  }
  return text;
}

}  // namespace cox::core
