// The fields of sinfo: nodes of a partition that are alike in what is printed are one line.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmds/slurm/tool.h"
#include "wire/client.pb.h"

namespace cox::cmds::slurm {

/// A partition and those of its nodes that share a line.
struct NodeLine {
  const wire::PartitionView* partition;
  std::vector<const wire::NodeView*> nodes;  // in the controller's order; each once
};

enum class Sharing {
  by_partition,  // the partition's: a line for each
  by_value,      // nodes with other values have another line
  by_least,      // the least is shown, with '+' where others have more; -e: by_value
  together       // of all nodes of the line
};

struct NodeField {
  char letter;
  const char* name;
  const char* header;
  Parity parity;
  Sharing sharing;
  bool is_whole;                              // -o never cuts it
  std::string (*text)(const NodeLine& line);  // null: refused
};

std::span<const NodeField> node_fields();
std::vector<FieldName> node_field_names();
Result<std::size_t> find_node_letter(std::string_view letter);
Result<std::size_t> find_node_name(std::string_view name);

/// "NO", "EXCLUSIVE", or "FORCE:ROWS" where jobs take turns.
std::string over_subscribe(const wire::PartitionView& partition);
/// Slurm's words for a node's state: "mixed", "mix", and with '*' where it does not answer.
std::string state_long(const wire::NodeView& node);
std::string state_compact(const wire::NodeView& node);

}  // namespace cox::cmds::slurm
