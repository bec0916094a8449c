// What a half-typed command line asks for, read from the same tables as the command line itself:
// commands, their options, and the words of their usage. Nothing is asked of a controller here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmds/client/parse.h"

namespace cox::cmds {

/// A word that may stand at the cursor, and what it means.
struct Candidate {
  std::string word;
  std::string help;
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

enum class Wanted : std::uint8_t {
  words,  // those of the question
  jobs,
  nodes,
  partitions,
  users,
  files,
  directories,
  programs,
};

struct Question {
  Wanted wanted = Wanted::words;
  std::vector<Candidate> words;
  std::string option;  // "--partition=" before the value at the cursor
  std::string list;    // "a,b," before the part of a list at the cursor
  std::string typed;   // the part at the cursor
  const Command* command = nullptr;
  bool is_ended_wanted = false;  // jobs: those that have ended too
  std::string cluster;           // --cluster, where it was given before
};

/// `words`: the command line from `cox` on, the last is that at the cursor, perhaps empty.
/// `splits_at_equals`: words are also cut around "=", as bash cuts them.
Question read_question(std::vector<std::string> words, bool splits_at_equals);

}  // namespace cox::cmds
