// The columns of sacct and how its lines are joined.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cmds/slurm/option_table.h"
#include "common/result.h"

namespace cox::cmds::slurm {

struct SacctColumn {
  std::size_t field;  // in record_fields()
  int width;          // negative: to the left; 0: as long as it is
};

/// --format, --brief, $SACCT_FORMAT or the usual ones. error: bad_usage names the field
Result<std::vector<SacctColumn>> read_sacct_columns(const Words& given);

/// Joins cells as -p, -P or neither wants it.
class SacctLayout {
 public:
  explicit SacctLayout(const Words& given);

  std::string line(const std::vector<SacctColumn>& columns,
                   const std::vector<std::string>& texts) const;
  std::string header(const std::vector<SacctColumn>& columns) const;

 private:
  bool is_parsable_, ends_;
  std::string between_;
};

/// What --helpformat prints.
std::string sacct_fields_text();

}  // namespace cox::cmds::slurm
