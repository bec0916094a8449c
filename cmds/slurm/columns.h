// Tables of columns with widths, as sacct, sshare and sstat print them: fixed, or parted by a
// character for programs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cmds/slurm/option_table.h"
#include "common/result.h"

namespace cox::cmds::slurm {

/// A column that was asked for.
struct ColumnAsked {
  std::size_t field;  // its place in the command's table
  int width;          // negative: to the left; 0: as long as it is
};

/// What the command's table knows of a column.
struct ColumnKnown {
  const char* name;
  int width;
};

/// Of a table whose rows have a `name` and a `width`.
template <class Fields>
std::vector<ColumnKnown> columns_of(const Fields& fields) {
  std::vector<ColumnKnown> columns;
  for (const auto& field : fields) columns.push_back({field.name, field.width});
  return columns;
}

/// "NAME[%WIDTH],...", where ALL is each of them: names in any case, else the first that begins so.
/// error: bad_usage in Slurm's words
Result<std::vector<ColumnAsked>> read_columns(std::string_view text,
                                              const std::vector<ColumnKnown>& known);

/// Cut to the width, with '+' at the end of what was cut, or padded.
std::string column_cell(std::string text, int width);

/// Joins cells as -p, -P or neither wants it.
class ColumnLayout {
 public:
  explicit ColumnLayout(const Words& given);

  std::string line(const std::vector<ColumnAsked>& columns,
                   const std::vector<std::string>& texts) const;
  std::string header(const std::vector<ColumnAsked>& columns,
                     const std::vector<ColumnKnown>& known) const;

  bool is_parsable() const { return is_parsable_; }

 private:
  bool is_parsable_, ends_;
  std::string between_;
};

/// What --helpformat prints.
std::string columns_text(const std::vector<ColumnKnown>& known);

}  // namespace cox::cmds::slurm
