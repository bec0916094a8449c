// Lists for people: columns by name, screens, colour.
#include "cmds/client/table.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "common/text.h"

namespace cox::cmds {
namespace {

/// Columns that a line takes on a terminal: without its colours and its end.
std::size_t shown_width(std::string_view line) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\033')
      i = std::min(line.find('m', i), line.size() - 1);
    else if (line[i] != '\n' && (static_cast<unsigned char>(line[i]) & 0xC0U) != 0x80U)
      ++width;
  }
  return width;
}

}  // namespace

std::string lay_out(const TableLayout& layout, const std::vector<std::vector<std::string>>& rows) {
  TableText table(layout);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < layout.headers.size(); ++i) table.add(i < row.size() ? row[i] : "");
  }
  return table.take();
}

std::string cut_for_screen(const std::string& text, int height, int width) {
  if (height < 3) return text;
  int rows = 0, lines_kept = 0;
  std::size_t kept = 0, begin = 0;
  const auto lines = static_cast<int>(std::ranges::count(text, '\n'));
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const auto columns =
        static_cast<int>(shown_width(std::string_view(text).substr(begin, end - begin)));
    rows += width <= 0 ? 1 : std::max(1, (columns + width - 1) / width);
    // The cursor stands below the last line, and the line of what is left out above it.
    if (rows <= height - 2) {
      kept = end;
      ++lines_kept;
    }
    begin = end;
  }
  if (rows < height) return text;
  return text.substr(0, kept) + "... " + std::to_string(lines - lines_kept) + " more\n";
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
