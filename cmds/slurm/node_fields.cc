// What each field of sinfo says of nodes and partitions.
#include "cmds/slurm/node_fields.h"

#include <algorithm>
#include <array>

#include "cmds/client/table.h"
#include "cmds/slurm/text.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/node_state.h"

namespace cox::cmds::slurm {
namespace {

using Line = NodeLine;
using Node = wire::NodeView;

struct StateText {
  const char* full;
  const char* compact;
};

/// Of what the node is doing, where nothing is wrong with it.
StateText by_use(const Node& node) {
  if (node.cores_used() == 0) return {"idle", "idle"};
  return node.cores_used() < node.cores() ? StateText{"mixed", "mix"}
                                          : StateText{"allocated", "alloc"};
}

StateText draining(const Node& node) {
  return node.jobs_size() == 0 ? StateText{"drained", "drain"} : StateText{"draining", "drng"};
}

StateText state_of(const Node& node) {
  switch (parse_node_state(node.state()).value_or(NodeState::lost)) {
    case NodeState::lost:
      return {"down*", "down*"};
    case NodeState::down:
      return {"down", "down"};
    case NodeState::is_short:
      return {"inval", "inval"};
    case NodeState::silent:
      if (node.cores_used() == 0) return {"idle*", "idle*"};
      return node.cores_used() < node.cores() ? StateText{"mixed*", "mix*"}
                                              : StateText{"allocated*", "alloc*"};
    case NodeState::rebooting:
      return {"reboot", "boot"};
    case NodeState::failed:
    case NodeState::unhealthy:
    case NodeState::stuck:
    case NodeState::resting:
    case NodeState::draining:
    case NodeState::drained:
      return draining(node);
    case NodeState::idle:
    case NodeState::mixed:
    case NodeState::allocated:
      return by_use(node);
  }
  return {"unknown", "unk"};
}

bool takes_work(const Node& node) {
  const auto state = parse_node_state(node.state());
  return state && *state >= NodeState::idle;
}

struct Counts {
  std::uint64_t allocated = 0, idle = 0, other = 0;

  std::string all(char separator) const {
    const std::string between(1, separator);
    return std::to_string(allocated) + between + std::to_string(idle) + between +
           std::to_string(other) + between + std::to_string(allocated + idle + other);
  }
};

Counts node_counts(const Line& line) {
  Counts counts;
  for (const Node* node : line.nodes) {
    if (node->cores_used() > 0) {
      ++counts.allocated;
    } else if (takes_work(*node)) {
      ++counts.idle;
    } else {
      ++counts.other;
    }
  }
  return counts;
}

/// Free cores of a node that takes no work are nobody's.
Counts cpu_counts(const Line& line) {
  Counts counts;
  for (const Node* node : line.nodes) {
    const std::uint32_t free = node->cores() - std::min(node->cores_used(), node->cores());
    counts.allocated += node->cores_used();
    (takes_work(*node) ? counts.idle : counts.other) += free;
  }
  return counts;
}

std::string least(const Line& line, std::uint64_t (*value)(const Node& node)) {
  if (line.nodes.empty()) return "0";
  std::uint64_t low = value(*line.nodes.front()), high = low;
  for (const Node* node : line.nodes) {
    low = std::min(low, value(*node));
    high = std::max(high, value(*node));
  }
  return std::to_string(low) + (low < high ? "+" : "");
}

std::uint64_t sockets(const Node& node) {
  return std::max(node.packages(), 1U);
}

std::uint64_t cores_per_socket(const Node& node) {
  return node.cores() / sockets(node);
}

const Node& first(const Line& line) {
  return line.nodes.empty() ? Node::default_instance() : *line.nodes.front();
}

std::string names(const Line& line) {
  std::vector<std::string> list;
  for (const Node* node : line.nodes) list.push_back(node->name());
  return fold_node_list(list);
}

std::string gres(const Line& line) {
  std::vector<std::string> list;
  for (const auto& device : first(line).devices()) list.push_back(device);
  return list.empty() ? "(null)" : join(list, ",");
}

std::string span_or(std::int64_t us, const char* none) {
  return is_limited(us) ? short_span(us) : none;
}

std::string job_size(const Line& line) {
  const std::uint32_t most = line.partition->max_nodes();
  if (most == 1) return "1";
  return "1-" + (most == 0 ? std::string("infinite") : std::to_string(most));
}

std::string reason(const Line& line) {
  return first(line).reason().empty() ? "none" : first(line).reason();
}

std::string features(const Line& line) {
  std::vector<std::string> list;
  for (const auto& [key, value] : first(line).labels()) list.push_back(key + "=" + value);
  std::ranges::sort(list);
  return list.empty() ? "(null)" : join(list, ",");
}

std::string state_or_none(const Line& line, bool is_long) {
  if (line.nodes.empty()) return "n/a";
  return is_long ? state_long(first(line)) : state_compact(first(line));
}

template <class Value>
std::string fixed(const Line& /*line*/, Value value) {
  return value;
}

constexpr auto not_known = [](const Line& l) { return fixed(l, std::string("N/A")); };
constexpr auto name_plain = [](const Line& l) { return l.partition->name(); };
constexpr auto time_of = [](const Line& l) {
  return span_or(l.partition->max_time_us(), "infinite");
};
constexpr auto avail = [](const Line& l) { return l.partition->state(); };
constexpr auto sharing = [](const Line& l) { return over_subscribe(*l.partition); };
constexpr auto all = [](const Line& l) { return fixed(l, std::string("all")); };
constexpr auto cpus = [](const Line& l) {
  return least(l, [](const Node& n) { return std::uint64_t{n.cores()}; });
};
constexpr auto real_memory = [](const Line& l) {
  return least(l, [](const Node& n) { return static_cast<std::uint64_t>(n.memory_mib()); });
};
constexpr auto compact = [](const Line& l) { return state_or_none(l, false); };
constexpr auto full = [](const Line& l) { return state_or_none(l, true); };

const std::array fields =
    {
        NodeField{'a', "Available", "AVAIL", exact, Sharing::by_partition, false, avail},
        NodeField{'A', "NodeAI", "NODES(A/I)", exact, Sharing::together, true,
                  [](const Line& l) {
                    const Counts counts = node_counts(l);
                    return std::to_string(counts.allocated) + "/" + std::to_string(counts.idle);
                  }},
        NodeField{'b', "features_act", "ACTIVE_FEATURES", about, Sharing::by_value, false,
                  features},
        NodeField{'B', "MaxCPUsPerNode", "MAX_CPUS_PER_NODE", exact, Sharing::by_partition, false,
                  [](const Line& l) { return fixed(l, std::string("UNLIMITED")); }},
        NodeField{'c', "CPUs", "CPUS", exact, Sharing::by_least, false, cpus},
        NodeField{'C', "CPUsState", "CPUS(A/I/O/T)", exact, Sharing::together, true,
                  [](const Line& l) { return cpu_counts(l).all('/'); }},
        NodeField{'d', "Disk", "TMP_DISK", about, Sharing::by_least, false,
                  [](const Line& l) { return fixed(l, std::string("0")); }},
        NodeField{'D', "Nodes", "NODES", exact, Sharing::together, false,
                  [](const Line& l) { return std::to_string(l.nodes.size()); }},
        NodeField{'e', "FreeMem", "FREE_MEM", about, Sharing::by_least, false, not_known},
        NodeField{'E', "Reason", "REASON", exact, Sharing::by_value, false, reason},
        NodeField{'f', "Features", "AVAIL_FEATURES", about, Sharing::by_value, false, features},
        NodeField{'F', "NodeAIOT", "NODES(A/I/O/T)", exact, Sharing::together, true,
                  [](const Line& l) { return node_counts(l).all('/'); }},
        NodeField{'g', "Groups", "GROUPS", exact, Sharing::by_partition, false, all},
        NodeField{'G', "Gres", "GRES", exact, Sharing::by_value, false, gres},
        NodeField{0, "GresUsed", "GRES_USED", about, Sharing::by_value, false, not_known},
        NodeField{'h', "OverSubscribe", "OVERSUBSCRIBE", exact, Sharing::by_partition, false,
                  sharing},
        NodeField{'H', "TimeStamp", "TIMESTAMP", exact, Sharing::by_value, false,
                  [](const Line& l) { return date(first(l).aside_at_us(), "Unknown"); }},
        NodeField{'I', "PriorityJobFactor", "PRIO_JOB_FACTOR", refused, Sharing::by_partition,
                  false, nullptr},
        NodeField{'l', "Time", "TIMELIMIT", exact, Sharing::by_partition, false, time_of},
        NodeField{'L', "DefaultTime", "DEFAULTTIME", exact, Sharing::by_partition, false,
                  [](const Line& l) { return span_or(l.partition->default_time_us(), "n/a"); }},
        NodeField{'m', "Memory", "MEMORY", exact, Sharing::by_least, false, real_memory},
        NodeField{0, "AllocMem", "ALLOCMEM", exact, Sharing::by_least, false,
                  [](const Line& l) {
                    return least(l, [](const Node& n) {
                      return static_cast<std::uint64_t>(n.memory_used_mib());
                    });
                  }},
        NodeField{'M', "PreemptMode", "PREEMPT_MODE", exact, Sharing::by_partition, false,
                  [](const Line& l) { return fixed(l, std::string("OFF")); }},
        NodeField{'n', "NodeHost", "HOSTNAMES", about, Sharing::by_value, true,
                  [](const Line& l) { return first(l).name(); }},
        NodeField{'N', "NodeList", "NODELIST", exact, Sharing::together, true, names},
        NodeField{'o', "NodeAddr", "NODE_ADDR", exact, Sharing::by_value, true,
                  [](const Line& l) { return first(l).address(); }},
        NodeField{'O', "CPUsLoad", "CPU_LOAD", about, Sharing::by_least, false, not_known},
        NodeField{'p', "PriorityTier", "PRIO_TIER", exact, Sharing::by_partition, false,
                  [](const Line& l) { return std::to_string(l.partition->tier()); }},
        NodeField{'P', "Partition", "PARTITION", exact, Sharing::by_partition, false,
                  [](const Line& l) {
                    return l.partition->name() + (l.partition->is_default() ? "*" : "");
                  }},
        NodeField{'r', "Root", "ROOT", exact, Sharing::by_partition, false,
                  [](const Line& l) { return fixed(l, std::string("no")); }},
        NodeField{'R', "PartitionName", "PARTITION", exact, Sharing::by_partition, false,
                  name_plain},
        NodeField{'s', "Size", "JOB_SIZE", exact, Sharing::by_partition, false, job_size},
        NodeField{'S', "AllocNodes", "ALLOCNODES", exact, Sharing::by_partition, false, all},
        NodeField{'t', "StateCompact", "STATE", about, Sharing::by_value, false, compact},
        NodeField{'T', "StateLong", "STATE", about, Sharing::by_value, false, full},
        NodeField{
            'u', "User", "USER", exact, Sharing::by_value, false,
            [](const Line&
                   l) { return first(l).aside_who().empty() ? "Unknown" : first(l).aside_who(); }},
        NodeField{
            'U', "UserLong", "USER", about, Sharing::by_value, false,
            [](const Line&
                   l) { return first(l).aside_who().empty() ? "Unknown" : first(l).aside_who(); }},
        NodeField{'v', "Version", "VERSION", exact, Sharing::by_value, false,
                  [](const Line& l) { return first(l).version(); }},
        NodeField{'V', "Cluster", "CLUSTER", refused, Sharing::by_partition, false, nullptr},
        NodeField{'w', "Weight", "WEIGHT", about, Sharing::by_least, false,
                  [](const Line& l) { return fixed(l, std::string("1")); }},
        NodeField{'X', "Sockets", "SOCKETS", exact, Sharing::by_least, false,
                  [](const Line& l) { return least(l, sockets); }},
        NodeField{'Y', "Cores", "CORES", exact, Sharing::by_least, false,
                  [](const Line& l) { return least(l, cores_per_socket); }},
        NodeField{'z', "SocketCoreThread", "S:C:T", about, Sharing::by_value, false,
                  [](const Line& l) {
                    return std::to_string(sockets(first(l))) + ":" +
                           std::to_string(cores_per_socket(first(l))) + ":1";
                  }},
        NodeField{'Z', "Threads", "THREADS", about, Sharing::by_least, false,
                  [](const Line& l) { return fixed(l, std::string("1")); }},
};

}  // namespace

std::span<const NodeField> node_fields() {
  return fields;
}

std::vector<FieldName> node_field_names() {
  std::vector<FieldName> list;
  for (const NodeField& field : fields) {
    if (field.letter != 0) list.push_back({std::string("%") + field.letter, field.parity});
    list.push_back({field.name, field.parity});
  }
  return list;
}

Result<std::size_t> find_node_letter(std::string_view letter) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].letter == 0 || letter != std::string_view(&fields[i].letter, 1)) continue;
    if (fields[i].text != nullptr) return i;
    return fail(Code::bad_usage, "%" + std::string(letter) + ": not supported by this version");
  }
  return fail(Code::bad_usage, "Invalid node format specification: " + quoted(letter));
}

Result<std::size_t> find_node_name(std::string_view name) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (upper(name) != upper(fields[i].name)) continue;
    if (fields[i].text != nullptr) return i;
    return fail(Code::bad_usage, quoted(name) + ": not supported by this version");
  }
  return fail(Code::bad_usage, "Invalid node format specification: " + quoted(name));
}

std::string over_subscribe(const wire::PartitionView& partition) {
  if (partition.rows() != 0) return "FORCE:" + std::to_string(partition.rows());
  return partition.share() == "nodes" ? "EXCLUSIVE" : "NO";
}

std::string state_long(const wire::NodeView& node) {
  return state_of(node).full;
}

std::string state_compact(const wire::NodeView& node) {
  return state_of(node).compact;
}

}  // namespace cox::cmds::slurm
