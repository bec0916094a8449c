// What differs on a terminal: colour, a line of progress. Errors always go to stderr, one line.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::cmds {

/// "cox: MESSAGE" on stderr, control bytes made visible.
void print_error(std::string_view message);
/// All of it to stdout in one write. error: refused when the reader has gone or the disk is full
Result<void> print(std::string_view text);

/// For the rest of this process: what else goes on is told on stderr (cox -v).
void be_verbose();
bool is_verbose();

bool stdout_is_terminal();
bool stderr_is_terminal();
/// Columns of the terminal on stdout, 0 when it is none.
int terminal_width();
/// Lines of the terminal; 0: no terminal.
int terminal_height();

/// One line on stderr that replaces itself while something lasts; silent where stderr is no
/// terminal. Gone when this ends.
class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  ~Progress() { clear(); }

  void show(const std::string& text);
  void clear();

 private:
  std::string shown_;
};

}  // namespace cox::cmds
