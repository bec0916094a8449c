// Widths cut and pad, a cut is marked with '+'.
#include "cmds/slurm/sacct_layout.h"

#include <algorithm>
#include <cstdlib>

#include "cmds/slurm/columns.h"
#include "cmds/slurm/record_fields.h"
#include "cmds/slurm/text.h"
#include "common/text.h"

namespace cox::cmds::slurm {

Result<std::vector<SacctColumn>> read_sacct_columns(const Words& given) {
  std::string text = given.value("format");
  if (given.has("brief") && text.empty()) text = "JobID,State,ExitCode";
  if (text.empty()) text = variable("SACCT_FORMAT");
  if (text.empty()) text = "JobID,JobName,Partition,Account,AllocCPUS,State,ExitCode";
  std::vector<SacctColumn> columns;
  for (const std::string& part : list_parts(text)) {
    const std::size_t percent = part.find('%');
    const std::string_view name = std::string_view(part).substr(0, percent);
    if (name == "ALL" || name == "all") {
      for (std::size_t i = 0; i < record_fields().size(); ++i) {
        columns.push_back({i, record_fields()[i].width});
      }
      continue;
    }
    const auto field = find_record_field(name);
    if (!field) return Failure(field.error());
    SacctColumn column{*field, record_fields()[*field].width};
    if (percent != std::string::npos) {
      const auto width = parse_i64(std::string_view(part).substr(percent + 1));
      if (!width || *width < -65'536 || *width > 65'536) {
        return fail(Code::bad_usage, "Invalid width in format: " + quoted(part));
      }
      column.width = static_cast<int>(*width);
    }
    columns.push_back(column);
  }
  return columns;
}

SacctLayout::SacctLayout(const Words& given)
    : is_parsable_(given.has("parsable") || given.has("parsable2")),
      ends_(given.has("parsable") && !given.has("parsable2")),
      between_(given.has("delimiter") ? given.value("delimiter") : "|") {}

std::string SacctLayout::line(const std::vector<SacctColumn>& columns,
                              const std::vector<std::string>& texts) const {
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (is_parsable_) {
      out += (i == 0 ? "" : between_) + texts[i];
    } else {
      out += column_cell(texts[i], columns[i].width) + " ";
    }
  }
  return out + (ends_ ? between_ : "") + "\n";
}

std::string SacctLayout::header(const std::vector<SacctColumn>& columns) const {
  std::vector<std::string> names, dashes;
  for (const SacctColumn& column : columns) {
    names.emplace_back(record_fields()[column.field].name);
    dashes.emplace_back(static_cast<std::size_t>(std::abs(column.width)), '-');
  }
  return line(columns, names) + (is_parsable_ ? "" : line(columns, dashes));
}

std::string sacct_fields_text() {
  std::string text;
  std::size_t in_line = 0;
  for (const RecordField& field : record_fields()) {
    std::string name = field.name;
    name.resize(std::max<std::size_t>(name.size() + 1, 19), ' ');
    text += name;
    if (++in_line % 4 == 0) text += "\n";
  }
  return text + "\n";
}

}  // namespace cox::cmds::slurm
