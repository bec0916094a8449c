// Lays out columns: as wide as their widest cell, two spaces between.
#include "cmds/client/table.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

#include "cmds/client/clean_text.h"
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

// The length of a plain cell in one byte; behind this mark, bytes and width of any other.
constexpr char long_cell = '\xFF';

struct Lengths {
  std::uint32_t bytes = 0, width = 0;
};

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

}  // namespace

TableText::TableText(TableLayout layout)
    : layout_(std::move(layout)), widths_(layout_.headers.size(), 0) {
  if (!layout_.with_header) return;
  for (std::size_t i = 0; i < widths_.size(); ++i) widths_[i] = layout_.headers[i].size();
}

void TableText::add(std::string_view cell) {
  if (widths_.empty()) return;
  // Room for much more: pages that nobody touched cost nothing, each copy touches all of them
  // twice.
  const std::size_t size = text_.size() + sizeof(Lengths) + 1 + cell.size();
  if (size > text_.capacity()) text_.reserve(std::max(size, 8 * text_.capacity()));
  std::size_t width = cell.size();
  if (cell.size() < 0xFF && is_plain(cell)) {
    text_ += static_cast<char>(cell.size());
    text_ += cell;
  } else {
    text_ += long_cell;
    const std::size_t begin = text_.size();
    text_.resize(begin + sizeof(Lengths));
    width = append_clean(cell, &text_);
    const Lengths lengths{static_cast<std::uint32_t>(text_.size() - begin - sizeof lengths),
                          static_cast<std::uint32_t>(width)};
    std::memcpy(text_.data() + begin, &lengths, sizeof lengths);
  }
  std::size_t& widest = widths_[cells_++ % widths_.size()];
  widest = std::max(widest, width);
}

TableText::Cell TableText::next(std::size_t* at) const {
  Lengths lengths;
  if (const char first = text_[(*at)++]; first != long_cell) {
    lengths.bytes = lengths.width = static_cast<unsigned char>(first);
  } else {
    std::memcpy(&lengths, text_.data() + *at, sizeof lengths);
    *at += sizeof lengths;
  }
  const std::string_view text(text_.data() + *at, lengths.bytes);
  *at += lengths.bytes;
  return {text, lengths.width};
}

/// Takes from the widest texts, never from numbers and instants, the last column or a short word,
/// until the table fits.
void TableText::narrow() {
  constexpr std::size_t word_columns = 13;  // OUT_OF_MEMORY
  std::size_t total = 2 * (widths_.size() - 1);
  for (const std::size_t width : widths_) total += width;
  for (; total > layout_.columns_max; --total) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i + 1 < widths_.size(); ++i) {
      std::size_t& width = widths_[i];
      if (layout_.is_number[i] || width <= word_columns) continue;
      if (widest == nullptr || width > *widest) widest = &width;
    }
    if (widest == nullptr) return;
    --*widest;
  }
}

void TableText::add_line(const std::vector<Cell>& cells, bool with_colour) {
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    const bool is_last = i + 1 == widths_.size();
    const std::size_t padding = widths_[i] > cells[i].width ? widths_[i] - cells[i].width : 0;
    const char* colour = with_colour ? colour_of(cells[i].text) : nullptr;
    if (layout_.is_number[i]) lines_.append(padding, ' ');
    if (colour != nullptr) lines_ += colour;
    lines_ += cells[i].text;
    if (colour != nullptr) lines_ += "\033[0m";
    if (!layout_.is_number[i] && !is_last) lines_.append(padding, ' ');
    if (!is_last) lines_ += "  ";
  }
  // An empty last cell leaves no blanks at the end of its line.
  while (!lines_.empty() && lines_.back() == ' ') lines_.pop_back();
  lines_ += '\n';
}

std::string TableText::take() {
  const std::size_t columns = widths_.size();
  if (columns == 0) return {};
  const bool is_narrow = layout_.columns_max > 0;
  if (is_narrow) narrow();
  std::size_t line_bytes = 1 + 2 * columns;
  for (const std::size_t width : widths_) line_bytes += width;
  lines_.reserve(line_bytes * (cells_ / columns + 1));
  std::vector<Cell> line(columns);
  std::vector<std::string> shortened(columns);
  if (layout_.with_header) {
    for (std::size_t i = 0; i < columns; ++i) {
      line[i] = {layout_.headers[i], static_cast<std::uint32_t>(layout_.headers[i].size())};
    }
    add_line(line, false);
  }
  std::size_t at = 0;
  for (std::size_t cell = 0; cell < cells_; ++cell) {
    const std::size_t i = cell % columns;
    line[i] = next(&at);
    if (is_narrow && i + 1 < columns && line[i].width > widths_[i]) {
      shortened[i] = cut(std::string(line[i].text), widths_[i]);
      line[i] = {shortened[i], static_cast<std::uint32_t>(widths_[i])};
    }
    if (i + 1 == columns) add_line(line, layout_.with_colour);
  }
  return std::move(lines_);
}

std::string lay_out(const TableLayout& layout, const std::vector<std::vector<std::string>>& rows) {
  TableText table(layout);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < layout.headers.size(); ++i) table.add(i < row.size() ? row[i] : "");
  }
  return table.take();
}

std::string cut_for_screen(const std::string& text, int height) {
  const auto lines = static_cast<int>(std::ranges::count(text, '\n'));
  // The cursor stands below the last line.
  if (height < 3 || lines < height) return text;
  const int kept = height - 2;
  std::size_t end = 0;
  for (int i = 0; i < kept; ++i) end = text.find('\n', end) + 1;
  return text.substr(0, end) + "... " + std::to_string(lines - kept) + " more\n";
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
  const char* terminal = std::getenv("TERM");
  const bool has_colours = terminal == nullptr || std::string_view(terminal) != "dumb";
  return stdout_is_terminal() && has_colours && std::getenv("NO_COLOR") == nullptr;
}

}  // namespace cox::cmds
