// One task of `cox doctor mpi`: a client of the step's server that is no MPI program, and so says
// which part of a wire-up fails.
#pragma once

#include <optional>
#include <string>

namespace cox::stepd {

inline constexpr const char* mpi_probe_argument = "--probe-mpi";

/// By the server named, "pmix" or "pmi1": meets the other tasks, hands each other a value, and
/// prints one line, "wired RANK SIZE WHAT" or "broken RANK WHY". Exit code 0 or 1.
int probe_mpi(const std::string& server);

/// "1", "4.2" and the like of the first words of a version; nothing where there is none.
std::optional<std::string> release_of(const std::string& version);

}  // namespace cox::stepd
