// coxsim: a workload log through the production scheduler, under a virtual clock.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "common/count_text.h"
#include "common/text.h"
#include "config/config.h"
#include "plugins/policies.h"
#include "sim/options.h"
#include "sim/replay.h"
#include "sim/report.h"
#include "sim/swf.h"

namespace cox::sim {
namespace {

/// One line on a terminal, written over and over.
class ProgressBar {
 public:
  explicit ProgressBar(std::size_t all) : all_(all), is_shown_(::isatty(STDERR_FILENO) == 1) {}

  ~ProgressBar() {
    if (is_shown_) std::fprintf(stderr, "\r\033[K");
  }

  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::size_t done) const {
    if (!is_shown_ || all_ == 0) return;
    const std::size_t filled = width * done / all_;
    std::fprintf(stderr, "\r[%s%s] %zu of %zu jobs", std::string(filled, '#').c_str(),
                 std::string(width - filled, ' ').c_str(), done, all_);
  }

 private:
  static constexpr std::size_t width = 40;
  std::size_t all_;
  bool is_shown_;
};

void name_bad_lines(const SwfLog& log, const std::string& path) {
  for (const auto& [why, lines] : log.bad) {
    std::vector<std::string> numbers;
    for (const std::size_t line : lines.first) numbers.push_back(std::to_string(line));
    if (lines.count > lines.first.size()) numbers.emplace_back("...");
    std::fprintf(stderr, "coxsim: %s: %s not used: %s (line %s)\n", path.c_str(),
                 count_text(lines.count, "line").c_str(), why.c_str(), join(numbers, ", ").c_str());
  }
}

Result<MachineShape> machine_for(const Options& options, const SwfLog& log) {
  if (options.shape.nodes != 0) return options.shape;
  if (log.max_processors > 0) return parse_shape(std::to_string(log.max_processors) + "x1");
  return fail(Code::bad_usage, options.log +
                                   ": its header does not say how large the machine was; give "
                                   "--nodes NODESxCORES");
}

Result<void> simulate(const Options& options) {
  const auto config = config::load(options.config, options.set);
  if (!config) return Failure(config.error());
  const auto policies = plugins::make_policies(config->settings);
  if (!policies) return Failure(policies.error());
  auto log = read_swf(options.log);
  if (!log) return Failure(log.error());
  const auto shape = machine_for(options, *log);
  if (!shape) return Failure(shape.error());
  auto replay = Replay::open(config->settings, *shape,
                             core::Policies{policies->select.get(), policies->priority.get()});
  if (!replay) return Failure(replay.error());
  Result<std::vector<Outcome>> outcomes;
  {
    const ProgressBar bar(log->jobs.size());
    replay->progress = [&bar](std::size_t done) { bar.show(done); };
    outcomes = replay->run(*log);
  }
  name_bad_lines(*log, options.log);
  if (!outcomes) return Failure(outcomes.error());
  const Figures figures = figures_of(*outcomes, shape->all_cores());
  std::fputs((options.json ? to_json(figures) : to_text(figures)).c_str(), stdout);
  return {};
}

int complain(const Error& error) {
  std::fprintf(stderr, "coxsim: %s\n", error.message.c_str());
  return exit_status(error.code);
}

}  // namespace
}  // namespace cox::sim

int main(int argc, char** argv) {
  const auto options = cox::sim::parse_options(argc, argv);
  if (!options) return cox::sim::complain(options.error());
  if (options->help) {
    std::fputs(cox::sim::help_text, stdout);
    return 0;
  }
  if (const auto done = cox::sim::simulate(*options); !done) {
    return cox::sim::complain(done.error());
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
