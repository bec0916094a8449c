// Output formats: "%.10M" letters and "Name:10SUFFIX" words, read into pieces and laid out.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox::cmds::slurm {

/// What stands between literal texts: a field by its place in the command's table.
struct Piece {
  std::string before;  // literal text in front of it
  std::size_t field = 0;
  std::size_t width = 0;  // 0: as long as it is
  bool is_right = false;
  bool may_cut = true;
  std::string after;
};

/// Where a letter or a name stands in the table; nothing where there is none.
using FindField = std::function<Result<std::size_t>(std::string_view)>;

/// "%[.][WIDTH]LETTER" with literal text between. error: bad_usage, or what `find` says
Result<std::vector<Piece>> read_letters(std::string_view format, const FindField& find);
/// "NAME[:[.][WIDTH][SUFFIX]],...": 20 columns without ':', as long as it is with ':' alone.
Result<std::vector<Piece>> read_names(std::string_view format, const FindField& find);

/// `text` with what stands around it, cut and padded.
void add_piece(const Piece& piece, std::string_view text, std::string* to);

/// One line at the end of `to`, which grows with all of them; `text` is asked for each field in
/// turn.
template <class TextOf>
void add_line(const std::vector<Piece>& pieces, const TextOf& text, std::string* to) {
  for (const Piece& piece : pieces) add_piece(piece, text(piece.field), to);
  *to += '\n';
}

/// One line; `text` is asked for each field in turn.
std::string lay_out_line(const std::vector<Piece>& pieces,
                         const std::function<std::string(std::size_t field)>& text);

}  // namespace cox::cmds::slurm
