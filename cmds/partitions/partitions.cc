// cox partitions: the partitions, one line each.
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"

namespace cox::cmds {
namespace partitions_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {format_option, no_header_option, json_option, cluster_option,
                                       help_option};
  return table;
}

Result<std::string> document(const Parsed& given, const wire::PartitionList& list) {
  if (!given.has("json")) return table_text(given, partition_columns(), list.partitions());
  JsonWriter json;
  json.begin_array("partitions");
  for (const wire::PartitionView& partition : list.partitions()) write_json(partition, &json);
  json.end_array();
  return json.take();
}

Result<int> run(const Parsed& given) {
  if (!given.operands().empty()) {
    return usage_error(given.command(), given.operands().front() + ": nothing is expected here");
  }
  wire::ClientRequest request;
  request.mutable_list_partitions();
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  const auto text = document(given, reply->partitions());
  if (!text) return Failure(text.error());
  const auto printed = print(*text);
  if (!printed) return Failure(printed.error());
  return 0;
}

}  // namespace
}  // namespace partitions_locals

const Command partitions_command{"partitions",
                                 "[OPTIONS]",
                                 "partitions, their nodes and limits",
                                 partitions_locals::options,
                                 Operands::anywhere,
                                 0,
                                 partitions_locals::run};

}  // namespace cox::cmds
