// The request options, the same for submit and run and the same letters as Slurm's: one table of
// names and one function that puts a given option into a draft of the request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmds/client/options.h"
#include "common/result.h"
#include "model/job_request.h"

namespace cox::cmds {

/// What was asked so far. Later options replace earlier ones, as on any command line.
struct RequestDraft {
  RequestDraft() { job.time_limit = {}; }  // 0: not given, which is not "no limit"

  JobRequest job;
  bool has_nodes = false;
  std::uint32_t gpus = 0;  // --gpus: over all nodes
  std::string gpu_type;
  std::string gpus_typed;        // the option of GPUs as it was given; "": none, or --gres
  std::string exported = "ALL";  // --export
};

/// Rows for a table of a command: the options of a request.
std::vector<OptionSpec> request_options();
bool is_request_option(std::string_view name);
/// The same with more rows before them; `extra` must live as long as the program.
std::vector<OptionSpec> with_request_options(std::vector<OptionSpec> extra);

/// Takes `option` into the draft. Options that are no request's are left alone.
/// `now`: for --begin. error: bad_usage names option and value
Result<void> apply_option(const GivenOption& option, Instant now, RequestDraft* draft);

/// Of most options the last one counts. Of those that keep a job from starting too early, or where
/// it must not, none is dropped in silence. error: bad_usage
Result<void> check_given_once(const std::vector<GivenOption>& options);

/// Fills in what the options imply together: nodes from tasks, devices per node.
Result<void> complete(RequestDraft* draft);

}  // namespace cox::cmds
