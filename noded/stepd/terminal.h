// The terminal of a task: the supervisor holds one end, the task has the other as its three
// descriptors and as what controls its session.
#pragma once

#include <cstdint>

#include "common/result.h"
#include "model/user.h"
#include "platform/descriptor.h"

namespace cox::stepd {

struct TerminalSize {
  std::uint32_t rows = 24, columns = 80;
};

struct Terminal {
  platform::Descriptor ours;   // what the task writes is read here, and the other way round
  platform::Descriptor tasks;  // for the task alone; it belongs to the user
};

/// error: internal when the system has none left
Result<Terminal> open_terminal(const UserIdentity& user, const TerminalSize& size);
/// Programs on it are told by SIGWINCH.
void resize_terminal(int ours, const TerminalSize& size);
/// The byte by which a program there learns that no more input comes.
inline constexpr char terminal_end_of_input = 4;

}  // namespace cox::stepd
