// Lays out columns: as wide as their widest cell, two spaces between.
#include "cmds/client/table_text.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "cmds/client/clean_text.h"

namespace cox::cmds {
namespace {

constexpr std::size_t piece_bytes = 64U << 10;  // what a pipe holds

const char* colour_of(std::string_view word) {
  for (const std::string_view good : {"RUNNING", "COMPLETED", "idle", "mixed", "allocated", "ok"}) {
    if (word == good) return "\033[32m";
  }
  for (const std::string_view bad : {"FAILED", "TIMEOUT", "DEADLINE", "OUT_OF_MEMORY", "NODE_FAIL",
                                     "down", "lost", "failed", "unhealthy", "stuck"}) {
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

// The length of a plain cell in one byte; or one of these marks: the cell is that of the line
// above, or bytes and width of any other follow.
constexpr char same_cell = '\xFE';
constexpr char long_cell = '\xFF';
constexpr std::size_t plain_max = 0xFD;

constexpr std::string_view colour_end = "\033[0m";
constexpr std::size_t colour_bytes = 9;  // "\033[32m" and the end
constexpr std::string_view between = "  ";

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

char* put_text(std::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* put_blanks(std::size_t count, char* to) {
  std::memset(to, ' ', count);
  return to + count;
}

}  // namespace

TableText::TableText(TableLayout layout)
    : layout_(std::move(layout)),
      last_(layout_.headers.size()),
      widths_(layout_.headers.size(), 0) {
  if (!layout_.with_header) return;
  for (std::size_t i = 0; i < widths_.size(); ++i) widths_[i] = layout_.headers[i].size();
}

void TableText::add(std::string_view cell) {
  if (widths_.empty()) return;
  const Kept& above = last_[column_];
  if (cell.size() == above.bytes && cell == std::string_view(text_).substr(above.at, above.bytes)) {
    text_ += same_cell;
  } else {
    add_other(cell, column_);
  }
  if (++column_ < widths_.size()) return;
  column_ = 0;
  ++rows_;
}

void TableText::add_other(std::string_view cell, std::size_t column) {
  // Room for much more: pages that nobody touched cost nothing, each copy touches all of them
  // twice.
  const std::size_t size = text_.size() + sizeof(Lengths) + 1 + cell.size();
  if (size > text_.capacity()) text_.reserve(std::max(size, 8 * text_.capacity()));
  std::size_t width = cell.size();
  if (cell.size() <= plain_max && is_plain(cell)) {
    text_ += static_cast<char>(cell.size());
    last_[column] = {text_.size(), cell.size()};
    text_ += cell;
  } else {
    text_ += long_cell;
    const std::size_t begin = text_.size();
    text_.resize(begin + sizeof(Lengths));
    width = append_clean(cell, &text_);
    const Lengths lengths{static_cast<std::uint32_t>(text_.size() - begin - sizeof lengths),
                          static_cast<std::uint32_t>(width)};
    std::memcpy(text_.data() + begin, &lengths, sizeof lengths);
    last_[column] = {};
  }
  widths_[column] = std::max(widths_[column], width);
}

void TableText::read(std::size_t* at, Cell* above) const {
  const char first = text_[(*at)++];
  if (first == same_cell) return;
  Lengths lengths;
  if (first != long_cell) {
    lengths.bytes = lengths.width = static_cast<unsigned char>(first);
  } else {
    std::memcpy(&lengths, text_.data() + *at, sizeof lengths);
    *at += sizeof lengths;
  }
  *above = {std::string_view(text_.data() + *at, lengths.bytes), lengths.width};
  *at += lengths.bytes;
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

std::size_t TableText::bytes_max(const std::vector<Cell>& cells) const {
  std::size_t bytes = 1;  // the end of the line
  for (std::size_t i = 0; i < cells.size(); ++i) {
    bytes += cells[i].text.size() + widths_[i] + colour_bytes + between.size();
  }
  return bytes;
}

/// Returns the end of what it wrote, at most bytes_max().
char* TableText::put_line(const std::vector<Cell>& cells, bool with_colour, char* to) const {
  const char* const begin = to;
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    const bool is_last = i + 1 == widths_.size();
    const std::size_t padding = widths_[i] > cells[i].width ? widths_[i] - cells[i].width : 0;
    const char* colour = with_colour ? colour_of(cells[i].text) : nullptr;
    if (layout_.is_number[i]) to = put_blanks(padding, to);
    if (colour != nullptr) to = put_text(colour, to);
    to = put_text(cells[i].text, to);
    if (colour != nullptr) to = put_text(colour_end, to);
    if (is_last) break;
    if (!layout_.is_number[i]) to = put_blanks(padding, to);
    to = put_text(between, to);
  }
  // An empty last cell leaves no blanks at the end of its line.
  while (to != begin && to[-1] == ' ') --to;
  *to++ = '\n';
  return to;
}

/// Lines on their way out.
class TableText::Pieces {
 public:
  Pieces(const TableText& table, const Put& put) : table_(table), put_(put) {}

  Result<void> add(const std::vector<Cell>& cells, bool with_colour) {
    const std::size_t bytes = table_.bytes_max(cells);
    if (used_ + bytes > room_) {
      if (auto taken = flush(); !taken) return taken;
    }
    if (bytes > room_) lines_ = std::make_unique_for_overwrite<char[]>(room_ = bytes);
    char* const end = table_.put_line(cells, with_colour, lines_.get() + used_);
    used_ = static_cast<std::size_t>(end - lines_.get());
    return {};
  }

  Result<void> flush() {
    const std::string_view lines(lines_.get(), std::exchange(used_, 0));
    return lines.empty() ? Result<void>() : put_(lines);
  }

 private:
  const TableText& table_;
  const Put& put_;
  std::size_t room_ = piece_bytes, used_ = 0;
  std::unique_ptr<char[]> lines_ = std::make_unique_for_overwrite<char[]>(room_);
};

Result<void> TableText::write(const Put& put) {
  const std::size_t columns = widths_.size();
  if (columns == 0) return {};
  const bool is_narrow = layout_.columns_max > 0;
  if (is_narrow) narrow();
  Pieces pieces(*this, put);
  std::vector<Cell> line;
  for (const std::string& header : layout_.headers) {
    line.push_back({header, static_cast<std::uint32_t>(header.size())});
  }
  if (layout_.with_header) {
    if (auto added = pieces.add(line, false); !added) return added;
  }
  std::vector<std::string> shortened(columns);
  std::size_t at = 0;
  for (std::size_t row = 0; row < rows_; ++row) {
    for (std::size_t i = 0; i < columns; ++i) {
      read(&at, &line[i]);
      if (!is_narrow || i + 1 == columns || line[i].width <= widths_[i]) continue;
      shortened[i] = cut(std::string(line[i].text), widths_[i]);
      line[i] = {shortened[i], static_cast<std::uint32_t>(widths_[i])};
    }
    if (auto added = pieces.add(line, layout_.with_colour); !added) return added;
  }
  return pieces.flush();
}

std::string TableText::take() {
  std::string lines;
  static_cast<void>(write([&lines](std::string_view some) -> Result<void> {
    lines += some;
    return {};
  }));
  return lines;
}

}  // namespace cox::cmds
