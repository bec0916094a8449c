// Aligned columns of any number of lines, kept and written in little memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox::cmds {

struct TableLayout {
  std::vector<std::string> headers;
  std::vector<bool> is_number;
  bool with_header = true;
  bool with_colour = false;     // of words that are states
  std::size_t columns_max = 0;  // of the terminal; long texts are cut for it. 0: any width
};

/// A table that grows cell by cell.
class TableText {
 public:
  /// Takes some whole lines. What it returns as an error ends the writing.
  using Put = std::function<Result<void>(std::string_view lines)>;

  explicit TableText(TableLayout layout);

  /// The next cell, row by row.
  void add(std::string_view cell);
  /// Lines of the table, a pipe's worth at a time; the last column is not padded.
  Result<void> write(const Put& put);
  /// All of them.
  std::string take();

 private:
  struct Cell {
    std::string_view text;
    std::uint32_t width = 0;
  };

  struct Kept {
    std::size_t at = 0;
    std::size_t bytes = SIZE_MAX;  // none that can stand for another
  };

  class Pieces;

  void narrow();
  void add_other(std::string_view cell, std::size_t column);
  /// The cell that is kept at `at`, which goes on to the next; `above` where it is the same.
  void read(std::size_t* at, Cell* above) const;
  std::size_t bytes_max(const std::vector<Cell>& cells) const;
  char* put_line(const std::vector<Cell>& cells, bool with_colour, char* to) const;

  TableLayout layout_;
  // Of the cells, made clean, each behind its length: lists of many jobs take what their pages
  // cost. A cell that says what the one above it says is one byte.
  std::string text_;
  std::size_t rows_ = 0;
  std::size_t column_ = 0;  // of the next cell
  std::vector<Kept> last_;  // of each column
  std::vector<std::size_t> widths_;
};

}  // namespace cox::cmds
