// What kind of program a task is: whether it needs a wire-up server and of which kind, and whether
// it should have connected to one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "noded/stepd/plan.h"

namespace cox::stepd {

/// Who is to be spoken to, as the program's libraries show.
enum class MpiFamily : std::uint8_t { none, open_mpi, mpich, pmix, pmi2, pmi1 };

struct ProgramKind {
  bool is_elf = false;      // else a script, or a file that we may not read
  bool runs_others = true;  // a script, a shell, an interpreter: what it starts is not seen here
  bool is_open = false;     // names libraries: what it uses can be seen, unlike in a static program
  bool links_mpi = false;   // an MPI library, and not only by way of another one
  MpiFamily family = MpiFamily::none;
  std::string library;  // by which it was recognised

  /// Neither it nor, as far as can be told, anything it starts speaks to Open MPI's server.
  bool is_seen_without_mpi() const { return is_open && !runs_others && family == MpiFamily::none; }
};

/// A shell, an interpreter, or a program that is put before another, by its name.
bool starts_others(std::string_view path);

/// By the names of its libraries: `own` are those that it names itself, `all` also those of its
/// libraries, nearest first. Pure.
ProgramKind kind_of(const std::vector<std::string>& own, const std::vector<std::string>& all);

/// Looks at the file that `argv` names in the job's directory and PATH, through `env` and other
/// programs that become the one behind them, and at the libraries it would be loaded with, with the
/// user's rights.
ProgramKind inspect_program(const StepPlan& plan,
                            const std::vector<std::string>& argv,
                            const std::vector<std::string>& environment);

}  // namespace cox::stepd
