// sinfo: partitions and nodes as Slurm's lists show them.
#include <algorithm>
#include <array>
#include <ctime>
#include <map>

#include "cmds/client/submission.h"
#include "cmds/client/table.h"
#include "cmds/client/terminal.h"
#include "cmds/slurm/format.h"
#include "cmds/slurm/node_fields.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/node_list.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace sinfo_locals {
namespace {

Options options() {
  static constexpr std::array table = {
      Option{"all", 'a', "", exact, ""},
      Option{"clusters", 'M', "LIST", exact, ""},
      Option{"cluster", 0, "LIST", exact, "", "clusters"},
      Option{"dead", 'd', "", exact, ""},
      Option{"exact", 'e', "", exact, ""},
      Option{"federation", 0, "", exact, ""},
      Option{"format", 'o', "FORMAT", exact, ""},
      Option{"Format", 'O', "NAMES", exact, ""},
      Option{"help", 0, "", exact, ""},
      Option{"hide", 0, "", exact, ""},
      Option{"iterate", 'i', "SECONDS", refused, "not supported by this version"},
      Option{"json", 0, "", refused, "not supported (see: cox nodes --json)"},
      Option{"list-reasons", 'R', "", exact, ""},
      Option{"local", 0, "", exact, ""},
      Option{"long", 'l', "", exact, ""},
      Option{"Node", 'N', "", exact, ""},
      Option{"noconvert", 0, "", exact, ""},
      Option{"nodes", 'n', "NODES", exact, ""},
      Option{"noheader", 'h', "", exact, ""},
      Option{"partition", 'p', "LIST", exact, ""},
      Option{"reservation", 'T', "", about, "there are none"},
      Option{"responding", 'r', "", exact, ""},
      Option{"sort", 'S', "LIST", refused, "not supported by this version"},
      Option{"states", 't', "LIST", about, "words of states as shown; flags are not joined by &"},
      Option{"summarize", 's', "", exact, ""},
      Option{"usage", 0, "", exact, ""},
      Option{"verbose", 'v', "", about, "nothing more is said"},
      Option{"version", 'V', "", exact, ""},
      Option{"yaml", 0, "", refused, "not supported (see: cox nodes --json)"},
  };
  return table;
}

/// Of the longest names.
struct Widths {
  std::size_t partition = 0, node = 0;
};

std::string usual_format(const Words& given, const Widths& widths) {
  const auto wide = [](std::size_t width, std::size_t least) {
    return "%" + std::to_string(std::max(width, least));
  };
  const std::string partition = wide(widths.partition, 9) + "P";
  const bool is_long = given.has("long");
  if (given.has("list-reasons")) return "%20E %9u %19H %N";
  if (given.has("Node")) {
    return wide(widths.node, 8) +
           (is_long ? "N %.6D %.9P %.11T %4c %.8z %.6m %.8d %.6w %.8f %20E" : "N %.6D %.9P %6t");
  }
  if (given.has("summarize")) return partition + " %.5a %.10l %.16F  %N";
  if (is_long) return partition + " %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %N";
  return partition + " %.5a %.10l %.6D %.6t %N";
}

struct Output {
  std::vector<Piece> pieces;
  bool wants_partition = false;  // something of a partition is printed
};

Result<Output> read_output(const Words& given, const Widths& widths) {
  std::string letters = given.value("format");
  const std::string names = given.value("Format");
  const bool is_mode =
      given.has("long") || given.has("Node") || given.has("summarize") || given.has("list-reasons");
  if (letters.empty() && names.empty() && !is_mode) letters = variable("SINFO_FORMAT");
  if (letters.empty() && names.empty()) letters = usual_format(given, widths);
  auto pieces =
      names.empty() ? read_letters(letters, find_node_letter) : read_names(names, find_node_name);
  if (!pieces) return Failure(pieces.error());
  Output output{std::move(*pieces)};
  for (Piece& piece : output.pieces) {
    const NodeField& field = node_fields()[piece.field];
    output.wants_partition |= field.sharing == Sharing::by_partition;
    piece.may_cut = !names.empty() || !field.is_whole;
  }
  return output;
}

class Filter {
 public:
  static Result<Filter> make(const Words& given) {
    Filter filter;
    filter.partitions_ =
        list_parts(given.has("partition") ? given.value("partition") : variable("SINFO_PARTITION"));
    filter.states_ = list_parts(given.value("states"));
    for (std::string& state : filter.states_) {
      std::ranges::transform(state, state.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    }
    filter.only_dead_ = given.has("dead");
    filter.only_responding_ = given.has("responding");
    filter.only_with_reason_ = given.has("list-reasons");
    if (!given.has("nodes")) return filter;
    auto nodes = expand_node_list(given.value("nodes"));
    if (!nodes) return Failure(nodes.error());
    filter.nodes_ = std::move(*nodes);
    return filter;
  }

  bool keeps(const wire::PartitionView& partition) const {
    return partitions_.empty() || is_in(partitions_, partition.name());
  }

  bool keeps(const wire::NodeView& node) const {
    if (!nodes_.empty() && !is_in(nodes_, node.name())) return false;
    const std::string full = state_long(node), compact = state_compact(node);
    const bool is_dead = full.ends_with('*');
    if ((only_dead_ && !is_dead) || (only_responding_ && is_dead)) return false;
    if (only_with_reason_ && node.reason().empty()) return false;
    if (states_.empty() || is_in(states_, "all")) return true;
    const bool drains = full.starts_with("drain");
    return is_in(states_, plain(full)) || is_in(states_, plain(compact)) || is_in(states_, full) ||
           is_in(states_, compact) || (drains && is_in(states_, "drain"));
  }

  bool chooses_nodes() const {
    return !nodes_.empty() || !states_.empty() || only_dead_ || only_responding_ ||
           only_with_reason_;
  }

 private:
  static std::string plain(std::string state) {
    if (state.ends_with('*')) state.pop_back();
    return state;
  }

  std::vector<std::string> partitions_, states_, nodes_;
  bool only_dead_ = false, only_responding_ = false, only_with_reason_ = false;
};

/// Nodes go to the line of their key, in the order in which keys come.
class Lines {
 public:
  Lines(const Output& output, bool is_exact, bool by_node)
      : output_(output), is_exact_(is_exact), by_node_(by_node) {}

  void add(const wire::PartitionView& partition, const wire::NodeView* node) {
    NodeLine alone{&partition, {}};
    if (node != nullptr) alone.nodes.push_back(node);
    const std::string key = key_of(alone);
    const auto [at, is_new] = places_.emplace(key, lines_.size());
    if (is_new) lines_.push_back({&partition, {}});
    auto& nodes = lines_[at->second].nodes;
    if (node != nullptr && std::ranges::find(nodes, node) == nodes.end()) nodes.push_back(node);
  }

  const std::vector<NodeLine>& lines() const { return lines_; }

 private:
  std::string key_of(const NodeLine& alone) const {
    std::string key;
    if (by_node_ && !alone.nodes.empty()) key = alone.nodes.front()->name() + '\0';
    if (by_node_) key += alone.partition->name() + '\0';
    for (const Piece& piece : output_.pieces) {
      const NodeField& field = node_fields()[piece.field];
      const bool separates = field.sharing == Sharing::by_partition ||
                             field.sharing == Sharing::by_value ||
                             (is_exact_ && field.sharing == Sharing::by_least);
      if (separates) key += field.text(alone) + '\0';
    }
    return key;
  }

  const Output& output_;
  bool is_exact_, by_node_;
  std::map<std::string, std::size_t> places_;
  std::vector<NodeLine> lines_;
};

struct Fleet {
  wire::PartitionList partitions;
  wire::NodeList nodes;
};

Result<Fleet> ask_fleet(Session& session) {
  Fleet fleet;
  wire::ClientRequest request;
  request.mutable_list_partitions();
  auto reply = session.ask_surely(request);
  if (!reply) return Failure(reply.error());
  fleet.partitions = std::move(*reply->mutable_partitions());
  request.mutable_list_nodes();
  reply = session.ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  fleet.nodes = std::move(*reply->mutable_nodes());
  return fleet;
}

void fill(const Fleet& fleet, const Filter& filter, bool by_node, bool with_empty, Lines* lines) {
  std::map<std::string, std::vector<const wire::NodeView*>> members;
  for (const wire::NodeView& node : fleet.nodes.nodes()) {
    if (!filter.keeps(node)) continue;
    for (const std::string& name : list_parts(node.partitions())) members[name].push_back(&node);
  }
  if (by_node) {
    for (const wire::NodeView& node : fleet.nodes.nodes()) {
      for (const wire::PartitionView& partition : fleet.partitions.partitions()) {
        const auto& own = members[partition.name()];
        const bool is_member = std::ranges::find(own, &node) != own.end();
        if (is_member && filter.keeps(partition)) lines->add(partition, &node);
      }
    }
    return;
  }
  for (const wire::PartitionView& partition : fleet.partitions.partitions()) {
    if (!filter.keeps(partition)) continue;
    for (const wire::NodeView* node : members[partition.name()]) lines->add(partition, node);
    if (members[partition.name()].empty() && with_empty) lines->add(partition, nullptr);
  }
}

Widths widths_of(const Fleet& fleet) {
  Widths widths;
  for (const auto& one : fleet.partitions.partitions()) {
    widths.partition = std::max(widths.partition, one.name().size() + (one.is_default() ? 1 : 0));
  }
  for (const auto& one : fleet.nodes.nodes())
    widths.node = std::max(widths.node, one.name().size());
  return widths;
}

std::string date_line() {
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 64> text{};
  return std::string(text.data(),
                     std::strftime(text.data(), text.size(), "%a %b %d %H:%M:%S %Y\n", &local));
}

Result<int> run(const Words& given) {
  if (!given.operands.empty()) {
    return fail(Code::bad_usage, "Unrecognized option: " + quoted(given.operands.front()));
  }
  const auto filter = Filter::make(given);
  if (!filter) return Failure(filter.error());
  auto output = read_output(given, {});  // before anybody is asked
  if (!output) return Failure(output.error());
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto cluster = check_clusters(*session, given);
  if (!cluster) return Failure(cluster.error());
  if (given.has("reservation")) {
    const auto printed = print("No reservations in the system\n");
    return printed ? Result<int>(0) : Failure(printed.error());
  }
  const auto fleet = ask_fleet(*session);
  if (!fleet) return Failure(fleet.error());
  output = read_output(given, widths_of(*fleet));
  const bool by_node = given.has("Node");
  Lines lines(*output, given.has("exact") || by_node, by_node);
  fill(*fleet, *filter, by_node, output->wants_partition && !filter->chooses_nodes(), &lines);
  std::string text = given.has("long") ? date_line() : "";
  if (given.has("clusters")) text += "CLUSTER: " + *cluster + "\n";
  const auto fields = node_fields();
  if (!given.has("noheader")) {
    text +=
        lay_out_line(output->pieces, [&](std::size_t i) { return std::string(fields[i].header); });
  }
  for (const NodeLine& line : lines.lines()) {
    text += lay_out_line(output->pieces, [&](std::size_t i) { return fields[i].text(line); });
  }
  const auto printed = print(text);
  return printed ? Result<int>(0) : Failure(printed.error());
}

}  // namespace
}  // namespace sinfo_locals

const Tool sinfo_tool{"sinfo",     "[OPTIONS]",      sinfo_locals::options,
                      Stop::never, node_field_names, sinfo_locals::run};

}  // namespace cox::cmds::slurm
