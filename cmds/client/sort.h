// --sort of lists: by what the columns show, so that every column can be sorted by.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cmds/client/parse.h"
#include "cmds/client/table.h"
#include "common/result.h"

namespace cox::cmds {

inline constexpr OptionSpec sort_option{"sort", 0, "COLUMN,...",
                                        "in this order; -COLUMN: the greatest first"};

/// What a cell is sorted by: texts as they are, numbers, times, amounts and ids by value. What is
/// not there ("-") comes first.
struct SortKey {
  std::vector<double> numbers;
  std::string text;
  friend auto operator<=>(const SortKey&, const SortKey&) = default;
};

SortKey sort_key(const std::string& cell, bool is_number);

struct SortColumn {
  std::size_t column = 0;
  bool is_descending = false;
};

/// "time,-cpus" as indices into `known`. error: bad_usage lists the known names
Result<std::vector<SortColumn>> sort_columns(std::string_view text,
                                             const std::vector<std::string>& known);

/// Sorts `rows`, pointers to what the columns show; rows that are equal keep their order.
template <class T>
Result<void> sort_rows(const Parsed& given,
                       const std::vector<Column<T>>& columns,
                       std::vector<const T*>* rows) {
  if (!given.has("sort")) return {};
  std::vector<std::string> names;
  for (const Column<T>& column : columns) names.emplace_back(column.name);
  const auto order = sort_columns(given.value("sort"), names);
  if (!order) return Failure(order.error());
  // From the last column to the first, each time keeping what the later ones made.
  for (auto by = order->rbegin(); by != order->rend(); ++by) {
    const Column<T>& column = columns[by->column];
    std::vector<std::pair<SortKey, const T*>> keyed;
    keyed.reserve(rows->size());
    for (const T* row : *rows) {
      keyed.emplace_back(sort_key(column.text(*row), column.is_number), row);
    }
    const bool is_descending = by->is_descending;
    std::stable_sort(keyed.begin(), keyed.end(), [is_descending](const auto& a, const auto& b) {
      return is_descending ? b.first < a.first : a.first < b.first;
    });
    for (std::size_t i = 0; i < keyed.size(); ++i) (*rows)[i] = keyed[i].second;
  }
  return {};
}

}  // namespace cox::cmds
