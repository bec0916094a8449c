// What srun was asked for, in words of `cox run`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmds/client/parse.h"
#include "cmds/slurm/option_table.h"
#include "common/result.h"

namespace cox::cmds::slurm {

struct SrunRequest {
  std::string job;                      // in which it is a step; empty: a job of its own
  NormalWords words;                    // of cox run
  std::vector<std::string> notes;       // what was done instead, for whoever reads
  std::vector<std::string> visible;     // the same where a result may depend on it
  Words own;                            // options that change only how it is told
  std::optional<std::uint32_t> wait_s;  // of the others, once the first task is over
  std::optional<std::uint32_t> output_of, error_of;  // the only task whose stream is printed
  std::optional<std::uint32_t> immediate_s;          // of a job of its own: how long it may wait
};

/// The job around us: --jobid, or what its environment says; "" where there is none, and for
/// --test-only.
std::string surrounding_job(const Words& given);

/// error: bad_usage names option and value
Result<SrunRequest> read_srun(const Words& given);

}  // namespace cox::cmds::slurm
