// Lists for people: aligned columns, chosen by name, colour only on a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cmds/client/parse.h"
#include "cmds/client/table_text.h"
#include "cmds/client/terminal.h"
#include "common/result.h"

namespace cox::cmds {

/// A column of a list of T.
template <class T>
struct Column {
  const char* name;  // of -o, lower case; the header is its upper case
  bool is_number;    // right-aligned and never cut: instants too
  bool by_default;
  std::string (*text)(const T& row);
  bool is_full = false;  // the controller has to be asked for the whole of each row
};

/// Lines of the table; the last column is not padded.
std::string lay_out(const TableLayout& layout, const std::vector<std::vector<std::string>>& rows);

/// As many of its first lines as a screen of `height` rows and `width` columns shows, long ones
/// taking several rows, the last of them saying how many more there are. 0: all.
std::string cut_for_screen(const std::string& text, int height, int width);

/// Lines without a header, in columns of text: what a report is made of.
std::string lay_out_plain(const std::vector<std::vector<std::string>>& rows);

/// "job,name" in any case as indices into `known`. error: bad_usage lists the known names
Result<std::vector<std::size_t>> choose_columns(std::string_view text,
                                                const std::vector<std::string>& known);
std::string upper(std::string_view text);
bool colour_wanted();

template <class T>
const T& row_of(const T& row) {
  return row;
}

template <class T>
const T& row_of(const T* row) {
  return *row;
}

/// A table of T as the options --format, --no-header of `given` want it, row by row.
template <class T>
struct Table {
  const std::vector<Column<T>>& columns;
  std::vector<std::size_t> chosen;
  TableText text;

  /// error: bad_usage for columns that there are not
  static Result<Table> make(const Parsed& given, const std::vector<Column<T>>& columns);

  void add(const T& row) {
    for (const std::size_t i : chosen) text.add(columns[i].text(row));
  }
};

template <class T>
Result<Table<T>> Table<T>::make(const Parsed& given, const std::vector<Column<T>>& columns) {
  std::vector<std::size_t> chosen;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names.emplace_back(columns[i].name);
    if (columns[i].by_default) chosen.push_back(i);
  }
  if (given.has("format")) {
    auto wanted = choose_columns(given.value("format"), names);
    if (!wanted) return Failure(wanted.error());
    chosen = std::move(*wanted);
  }
  TableLayout layout;
  layout.with_header = !given.has("no-header");
  layout.with_colour = colour_wanted();
  layout.columns_max = static_cast<std::size_t>(terminal_width());
  for (const std::size_t i : chosen) {
    layout.headers.push_back(upper(names[i]));
    layout.is_number.push_back(columns[i].is_number);
  }
  return Table<T>{columns, std::move(chosen), TableText(std::move(layout))};
}

/// The table of `rows`, or of what they point to.
template <class T, class Rows>
Result<std::string> table_text(const Parsed& given,
                               const std::vector<Column<T>>& columns,
                               const Rows& rows) {
  auto table = Table<T>::make(given, columns);
  if (!table) return Failure(table.error());
  for (const auto& row : rows) table->add(row_of<T>(row));
  return table->text.take();
}

}  // namespace cox::cmds
