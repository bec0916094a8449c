// Widths cut and pad, a cut is marked with '+'.
#include "cmds/slurm/columns.h"

#include <algorithm>
#include <cstdlib>

#include "cmds/client/table.h"
#include "cmds/slurm/text.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::int64_t column_width_max = 65'536;

Result<std::size_t> find_column(const std::vector<ColumnKnown>& known, std::string_view name) {
  std::size_t found = known.size();
  for (std::size_t i = 0; i < known.size() && !name.empty(); ++i) {
    const std::string full = upper(known[i].name);
    if (full == upper(name)) return i;
    if (found == known.size() && full.starts_with(upper(name))) found = i;
  }
  if (found < known.size()) return found;
  return fail(Code::bad_usage, "Invalid field requested: \"" + quoted(name) + "\"");
}

}  // namespace

std::string column_cell(std::string text, int width) {
  const auto size = static_cast<std::size_t>(std::abs(width));
  if (size == 0) return text;
  if (text.size() > size) {
    text.resize(size);
    text.back() = '+';
  }
  const std::string blanks(size - text.size(), ' ');
  return width < 0 ? text + blanks : blanks + text;
}

Result<std::vector<ColumnAsked>> read_columns(std::string_view text,
                                              const std::vector<ColumnKnown>& known) {
  std::vector<ColumnAsked> columns;
  for (const std::string& part : list_parts(text)) {
    const std::size_t percent = part.find('%');
    const std::string_view name = std::string_view(part).substr(0, percent);
    if (upper(name) == "ALL") {
      for (std::size_t i = 0; i < known.size(); ++i) columns.push_back({i, known[i].width});
      continue;
    }
    const auto field = find_column(known, name);
    if (!field) return Failure(field.error());
    ColumnAsked column{*field, known[*field].width};
    if (percent != std::string::npos) {
      const auto width = parse_i64(std::string_view(part).substr(percent + 1));
      if (!width || *width < -column_width_max || *width > column_width_max) {
        return fail(Code::bad_usage, "Invalid width in format: " + quoted(part));
      }
      column.width = static_cast<int>(*width);
    }
    columns.push_back(column);
  }
  return columns;
}

ColumnLayout::ColumnLayout(const Words& given)
    : is_parsable_(given.has("parsable") || given.has("parsable2")),
      ends_(given.has("parsable") && !given.has("parsable2")),
      between_(given.has("delimiter") ? given.value("delimiter") : "|") {}

std::string ColumnLayout::line(const std::vector<ColumnAsked>& columns,
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

std::string ColumnLayout::header(const std::vector<ColumnAsked>& columns,
                                 const std::vector<ColumnKnown>& known) const {
  std::vector<std::string> names, dashes;
  for (const ColumnAsked& column : columns) {
    names.emplace_back(known[column.field].name);
    dashes.emplace_back(static_cast<std::size_t>(std::abs(column.width)), '-');
  }
  return line(columns, names) + (is_parsable_ ? "" : line(columns, dashes));
}

std::string columns_text(const std::vector<ColumnKnown>& known) {
  std::string text;
  std::size_t in_line = 0;
  for (const ColumnKnown& column : known) {
    std::string name = column.name;
    name.resize(std::max<std::size_t>(name.size() + 1, 19), ' ');
    text += name;
    if (++in_line % 4 == 0) text += "\n";
  }
  return text + "\n";
}

}  // namespace cox::cmds::slurm
