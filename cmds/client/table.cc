// Lays out columns: as wide as their widest cell, two spaces between.
#include "cmds/client/table.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "common/text.h"

namespace cox::cmds {
namespace {

const char* colour_of(std::string_view word) {
  for (const std::string_view good : {"RUNNING", "COMPLETED", "idle", "mixed", "allocated", "ok"}) {
    if (word == good) return "\033[32m";
  }
  for (const std::string_view bad : {"FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "down",
                                     "lost", "failed", "unhealthy", "stuck"}) {
    if (word == bad) return "\033[31m";
  }
  for (const std::string_view odd : {"PENDING", "CANCELLED", "COMPLETING", "CONFIGURING", "drained",
                                     "draining", "silent", "rebooting", "warning"}) {
    if (word == odd) return "\033[33m";
  }
  return nullptr;
}

/// Width on a terminal: bytes that continue a UTF-8 character take no column.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

/// Names come from users: no control character may reach a terminal, those of U+0080 to U+009F
/// included.
std::string clean(const std::string& text) {
  std::string out = text;
  unsigned char before = 0;
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_high_control = before == 0xC2 && byte >= 0x80 && byte < 0xA0;
    if (byte < 0x20 || byte == 0x7F || is_high_control) c = '?';
    before = byte;
  }
  return out;
}

/// `text` in at most `width` columns; what was cut ends in a plus sign.
std::string cut(const std::string& text, std::size_t width) {
  if (width_of(text) <= width) return text;
  std::size_t end = 0;
  std::size_t columns = 0;
  for (; end < text.size(); ++end) {
    columns += width_of(text.substr(end, 1));
    if (columns == width) break;
  }
  return text.substr(0, end) + "+";
}

/// Takes from the widest texts, never from numbers and instants, the last column or a short word,
/// until the table fits.
void narrow(const TableLayout& layout, std::vector<std::size_t>* widths) {
  constexpr std::size_t word_columns = 13;  // OUT_OF_MEMORY
  std::size_t total = 2 * (widths->size() - 1);
  for (const std::size_t width : *widths) total += width;
  for (; total > layout.columns_max; --total) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i + 1 < widths->size(); ++i) {
      std::size_t& width = (*widths)[i];
      if (layout.is_number[i] || width <= word_columns) continue;
      if (widest == nullptr || width > *widest) widest = &width;
    }
    if (widest == nullptr) return;
    --*widest;
  }
}

class Lines {
 public:
  Lines(const TableLayout& layout, std::vector<std::size_t> widths)
      : layout_(layout), widths_(std::move(widths)) {}

  void add(const std::vector<std::string>& cells, bool with_colour) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const bool is_last = i + 1 == cells.size();
      const std::size_t padding = widths_[i] - width_of(cells[i]);
      const char* colour = with_colour ? colour_of(cells[i]) : nullptr;
      if (layout_.is_number[i]) text_.append(padding, ' ');
      if (colour != nullptr) text_ += colour;
      text_ += cells[i];
      if (colour != nullptr) text_ += "\033[0m";
      if (!layout_.is_number[i] && !is_last) text_.append(padding, ' ');
      if (!is_last) text_ += "  ";
    }
    // An empty last cell leaves no blanks at the end of its line.
    text_.erase(text_.find_last_not_of(' ') + 1);
    text_ += '\n';
  }

  std::string take() { return std::move(text_); }

 private:
  const TableLayout& layout_;
  std::vector<std::size_t> widths_;
  std::string text_;
};

}  // namespace

std::string lay_out(const TableLayout& layout, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> cleaned;
  std::vector<std::size_t> widths(layout.headers.size(), 0);
  for (std::size_t i = 0; i < widths.size() && layout.with_header; ++i) {
    widths[i] = layout.headers[i].size();
  }
  for (const auto& row : rows) {
    std::vector<std::string>& line = cleaned.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(clean(row[i]));
      widths[i] = std::max(widths[i], width_of(line.back()));
    }
  }
  if (layout.columns_max > 0 && !widths.empty()) {
    narrow(layout, &widths);
    for (auto& row : cleaned) {
      for (std::size_t i = 0; i + 1 < row.size(); ++i) row[i] = cut(row[i], widths[i]);
    }
  }
  Lines lines(layout, std::move(widths));
  if (layout.with_header) lines.add(layout.headers, false);
  for (const auto& row : cleaned) lines.add(row, layout.with_colour);
  return lines.take();
}

std::string lay_out_plain(const std::vector<std::vector<std::string>>& rows) {
  TableLayout layout;
  const std::size_t columns = rows.empty() ? 0 : rows.front().size();
  layout.headers.resize(columns);
  layout.is_number.resize(columns);
  layout.with_header = false;
  layout.with_colour = colour_wanted();
  return lay_out(layout, rows);
}

Result<std::vector<std::size_t>> choose_columns(std::string_view text,
                                                const std::vector<std::string>& known) {
  std::vector<std::size_t> chosen;
  for (const std::string_view word : split(text, ',')) {
    std::string name(word);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      return fail(Code::bad_usage, "--format " + quoted(name) +
                                       ": no such column (columns: " + join(known, ",") + ")");
    }
    chosen.push_back(static_cast<std::size_t>(found - known.begin()));
  }
  return chosen;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

bool colour_wanted() {
  return stdout_is_terminal() && std::getenv("NO_COLOR") == nullptr;
}

}  // namespace cox::cmds
