// coxsim: a workload log, or the queue of a running cluster, through the production scheduler under
// a virtual clock.
#include <cstdio>
#include <optional>
#include <string>

#include "config/config.h"
#include "plugins/policies.h"
#include "sim/forecast.h"
#include "sim/options.h"
#include "sim/output_file.h"
#include "sim/picture.h"
#include "sim/progress_bar.h"
#include "sim/replay.h"
#include "sim/report.h"
#include "sim/swf.h"

namespace cox::sim {
namespace {

Result<std::vector<NodeInventory>> machine_for(const Options& options, const SwfLog& log) {
  std::optional<NodeInventory> kind;
  if (!options.topology.empty()) {
    auto read = read_topology(options.topology);
    if (!read) return Failure(read.error());
    kind = std::move(*read);
  }
  Result<MachineShape> shape = options.shape;
  if (shape->nodes == 0) {
    if (log.max_processors <= 0) {
      return fail(Code::bad_usage, options.log +
                                       ": its header does not say how large the machine was; give "
                                       "--nodes " +
                                       (kind ? "N" : "NODESxCORES"));
    }
    const std::size_t cores = kind ? kind->node_class.cores.size() : 1;
    shape = shape_for(log.max_processors, static_cast<std::uint32_t>(cores));
    if (!shape) return Failure(shape.error().with_context(options.log));
  }
  return kind ? make_nodes(shape->nodes, *kind) : make_nodes(*shape);
}

/// The files to write, opened before the work begins.
struct Outputs {
  std::optional<OutputFile> csv, picture;

  static Result<Outputs> open(const Options& options) {
    Outputs made;
    const auto add = [](const std::string& path, std::optional<OutputFile>* to) -> Result<void> {
      if (path.empty()) return {};
      auto file = OutputFile::open(path);
      if (!file) return Failure(file.error());
      *to = std::move(*file);
      return {};
    };
    if (const auto done = add(options.csv, &made.csv); !done) return Failure(done.error());
    if (const auto done = add(options.picture, &made.picture); !done) return Failure(done.error());
    return made;
  }
};

Result<void> write_files(const Options& options,
                         const std::vector<Outcome>& outcomes,
                         const Replay& replay,
                         Outputs outputs) {
  if (outputs.csv.has_value()) {
    const auto written = outputs.csv->write(to_csv(outcomes, replay.node_names()));
    if (!written) return written;
  }
  if (!outputs.picture.has_value()) return {};
  const std::string title = options.log.substr(options.log.rfind('/') + 1);
  const std::string image = draw(outcomes, replay.all_cores(), title);
  return outputs.picture->write(options.picture.ends_with(".html") ? to_page(image, title) : image);
}

Result<std::vector<Outcome>> run(const Options& options, Replay* replay, SwfLog* log) {
  const ProgressBar bar(log->jobs.size(), !options.json && ProgressBar::is_terminal());
  replay->progress = [&bar](std::size_t done) { bar.show(done); };
  return replay->run(*log);
}

Result<void> simulate(const Options& options) {
  const auto config = config::load(options.config, options.set);
  if (!config) return Failure(config.error());
  const auto policies = plugins::make_policies(config->settings);
  if (!policies) return Failure(policies.error());
  auto log = read_swf(options.log);
  if (!log) return Failure(log.error());
  auto nodes = machine_for(options, *log);
  if (!nodes) return Failure(nodes.error());
  auto replay = Replay::open(config->settings, std::move(*nodes),
                             core::Policies{policies->select.get(), policies->priority.get()});
  if (!replay) return Failure(replay.error());
  auto outputs = Outputs::open(options);
  if (!outputs) return Failure(outputs.error());
  const auto outcomes = run(options, &*replay, &*log);
  std::fputs(unused_text(log->bad, options.log).c_str(), stderr);
  if (!outcomes) return Failure(outcomes.error());
  Figures figures = figures_of(*outcomes, replay->all_cores());
  figures.mean_leaves = mean_leaves(*outcomes, replay->node_names(), config->settings.switches);
  const auto groups =
      shown_groups(*outcomes, options.by, replay->all_cores(), options.json ? 0 : options.limit);
  std::fputs((options.json ? to_json(figures, options.by, groups, log->bad)
                           : to_text(figures, options.by, groups))
                 .c_str(),
             stdout);
  return write_files(options, *outcomes, *replay, std::move(*outputs));
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
  const auto done =
      options->live.empty() ? cox::sim::simulate(*options) : cox::sim::forecast(*options);
  if (!done) {
    return cox::sim::complain(done.error());
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
