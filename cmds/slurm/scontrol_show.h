// `scontrol show ENTITY [NAME]`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cmds/slurm/tool.h"
#include "common/result.h"

namespace cox::cmds::slurm {

struct ShowEntity {
  const char* name;
  Parity parity;
  Result<int> (*run)(const Words& given, const std::string& name);  // null: refused
};

std::span<const ShowEntity> show_entities();
Result<int> scontrol_show(const Words& given, const std::vector<std::string>& arguments);
/// The names of a list in the order written, those written twice twice. error: bad_usage
Result<std::vector<std::string>> host_names(const std::string& list);

}  // namespace cox::cmds::slurm
