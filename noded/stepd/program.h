// What kind of program a task is: whether it needs an MPI wire-up server, and whether it should
// have connected to one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/result.h"
#include "noded/stepd/plan.h"

namespace cox::stepd {

/// `size` bytes of a file from `offset`; fewer at its end.
using ReadAt = std::function<std::string(std::uint64_t offset, std::size_t size)>;

/// Names in the dynamic section (DT_NEEDED) of an ELF file, whatever its bytes are.
/// error: bad_usage for what is no 64-bit little-endian ELF file with a dynamic section
Result<std::vector<std::string>> needed_libraries(const ReadAt& read);

struct ProgramKind {
  bool links_mpi = false;  // an MPI library: Open MPI, MPICH and its kin
  bool uses_mpi = false;   // that, or a PMI library
};

/// Looks at the file that argv[0] names in the job's directory and PATH, with the user's rights.
/// A script, or a file we may not read, is of no kind.
ProgramKind inspect_program(const StepPlan& plan,
                            const std::string& program,
                            const std::vector<std::string>& environment);

}  // namespace cox::stepd
