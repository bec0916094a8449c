// What `sacctmgr show` shows: kinds of things, their fields, and the rows that the settings have.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmds/slurm/option_table.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds::slurm {

/// A row: values in the order of the entity's fields.
using ManagerRow = std::vector<std::string>;

struct EntityField {
  const char* name;   // as the header has it
  int width;          // negative: to the left
  const char* words;  // as --format names it, small letters without blanks
  bool is_default;
  Parity parity = Parity::exact;
};

struct Entity {
  const char* name;  // a prefix is enough, and an `s` behind it harmless
  std::span<const EntityField> fields;
  std::vector<ManagerRow> (*rows)(const wire::Settings& settings);
  Parity parity = Parity::exact;
};

std::span<const Entity> all_entities();

struct Question {
  const Entity* entity = nullptr;
  std::vector<std::size_t> fields;
  std::vector<int> widths;
  std::vector<std::pair<std::size_t, std::string>> wanted;  // field, value
};

/// "user", "ada", "withassoc", "format=account%20", "where", "user=ada". error: bad_usage
Result<Question> read_question(const Words& given);
std::string answer(const Question& question, const wire::Settings& settings, const Words& given);

}  // namespace cox::cmds::slurm
