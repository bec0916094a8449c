// The option table of salloc, and what was asked for in words of `cox alloc`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cmds/client/options.h"
#include "cmds/slurm/option_table.h"
#include "common/result.h"

namespace cox::cmds::slurm {

Options salloc_options();

struct SallocRequest {
  NormalWords words;               // of cox alloc
  std::vector<std::string> notes;  // what was done instead, for whoever reads
  Words own;                       // options that change only how it is told
  bool has_no_shell = false;
  std::string directory;                     // of the command; empty: the present one
  std::optional<std::uint32_t> immediate_s;  // how long it may wait
  std::optional<int> end_signal;             // of the command, when the job ends before it
};

/// The variables SALLOC_... first, so that the command line wins. error: bad_usage
Result<SallocRequest> read_salloc(const Words& given);

}  // namespace cox::cmds::slurm
