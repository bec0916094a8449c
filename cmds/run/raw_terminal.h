// Our terminal while it stands for that of a task: every key goes there, and what we set is put
// back.
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>

namespace cox::cmds {

struct WindowSize {
  std::uint32_t rows = 0, columns = 0;
};

/// Of the terminal on standard input or output; nothing where there is none.
std::optional<WindowSize> window_size();

class RawTerminal {
 public:
  /// Nothing where standard input is no terminal, or is that of another process group.
  static std::optional<RawTerminal> open();
  RawTerminal(RawTerminal&& other) noexcept;
  RawTerminal& operator=(RawTerminal&& other) noexcept;
  ~RawTerminal();

 private:
  explicit RawTerminal(const termios& before) : before_(before) {}

  void put_back();

  termios before_;
  bool is_ours_ = true;
};

}  // namespace cox::cmds
