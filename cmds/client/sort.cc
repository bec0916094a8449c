// Reads the values of cells back: "1-02:00:00", "1500M", "42%", "7_10", "2031-05-01T08:00:00".
#include "cmds/client/sort.h"

#include <cctype>
#include <limits>

#include "common/text.h"

namespace cox::cmds {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "7_10" as 7 and 10.
std::vector<double> digit_runs(std::string_view cell) {
  std::vector<double> runs;
  bool is_inside = false;
  for (const char c : cell) {
    if (is_digit(c)) {
      if (!is_inside) runs.push_back(0);
      runs.back() = runs.back() * 10 + (c - '0');
    }
    is_inside = is_digit(c);
  }
  return runs;
}

/// "D-H:M:S", "H:M:S" or "M:S" in seconds.
double cell_seconds(std::string_view cell) {
  const std::size_t dash = cell.find('-');
  const bool has_days = dash != std::string_view::npos;
  double sum = 0;
  for (const double part : digit_runs(has_days ? cell.substr(dash + 1) : cell)) {
    sum = sum * 60 + part;
  }
  return sum + (has_days ? 86'400 * digit_runs(cell.substr(0, dash)).front() : 0);
}

/// Of "1500M" and the like, in KiB; 1 where there is no unit.
double unit_of(char last) {
  constexpr std::string_view units = "KMGTP";
  const std::size_t at = units.find(last);
  double factor = 1;
  for (std::size_t i = 0; at != std::string_view::npos && i < at; ++i) factor *= 1024;
  return factor;
}

}  // namespace

SortKey sort_key(const std::string& cell, bool is_number) {
  if (cell == "-" || cell.empty()) return {};
  if (!is_number) return {{}, cell};
  if (cell == "UNLIMITED") return {{std::numeric_limits<double>::infinity()}, ""};
  const bool is_instant =
      cell.find('T') != std::string::npos && cell.find('-') != std::string::npos;
  const bool is_span = !is_instant && is_digit(cell.front()) && cell.find(':') != std::string::npos;
  if (is_span) return {{cell_seconds(cell)}, ""};
  SortKey key{digit_runs(cell), ""};
  if (key.numbers.empty()) return {{}, cell};
  if (key.numbers.size() == 1) key.numbers[0] *= unit_of(cell.back());
  return key;
}

Result<std::vector<SortColumn>> sort_columns(std::string_view text,
                                             const std::vector<std::string>& known) {
  std::vector<SortColumn> order;
  for (std::string_view word : split(text, ',')) {
    const bool is_descending = word.starts_with('-');
    if (is_descending) word.remove_prefix(1);
    const auto chosen = choose_columns(word, known);
    if (!chosen) {
      return fail(Code::bad_usage, "--sort " + quoted(word) +
                                       ": no such column (columns: " + join(known, ",") + ")");
    }
    order.push_back({chosen->front(), is_descending});
  }
  return order;
}

}  // namespace cox::cmds
