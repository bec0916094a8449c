// See srun_streams.h.
#include "cmds/slurm/srun_streams.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

/// As far as it can be told before they run.
std::uint64_t tasks_asked(const CoxWords& cox) {
  if (const auto tasks = parse_u64(cox.value("ntasks"))) return *tasks;
  const std::string nodes = cox.value("nodes");
  const auto least = parse_u64(std::string_view(nodes).substr(0, nodes.find('-')));
  return least.value_or(1) * parse_u64(cox.value("ntasks-per-node")).value_or(1);
}

Result<void> choose_stream(std::string_view name,
                           const std::string& value,
                           CoxWords* cox,
                           std::optional<std::uint32_t>* task) {
  if (value.empty() || value == "all") return {};
  if (value == "none") return cox->add(name, "/dev/null", true);
  const auto number = parse_u64(value);
  if (!number || *number >= tasks_asked(*cox)) return cox->add(name, value, true);
  *task = static_cast<std::uint32_t>(*number);
  return {};
}

}  // namespace

Result<void> choose_streams(const StreamWords& words, CoxWords* cox, SrunRequest* to) {
  if (auto done = choose_stream("output", words.output, cox, &to->output_of); !done) return done;
  if (auto done = choose_stream("error", words.error, cox, &to->error_of); !done) return done;
  if (words.error.empty()) to->error_of = to->output_of;
  const bool error_comes_here = words.error == "all" || to->error_of;
  if (!cox->has("output") || !error_comes_here) return {};
  return fail(Code::bad_usage, "--error " + quoted(words.error) +
                                   ": where --output is a file this stream needs one too");
}

}  // namespace cox::cmds::slurm
