// See health.h. A failing check is told each time: people may have resumed the node meanwhile.
#include "noded/health.h"

#include <utility>

namespace cox::noded {

HealthCheck::HealthCheck(platform::Loop& loop,
                         platform::Programs& programs,
                         std::string node_name,
                         Tell tell)
    : loop_(loop), programs_(programs), node_name_(std::move(node_name)), tell_(std::move(tell)) {}

void HealthCheck::begin(const ProgramSettings& settings) {
  pause();
  settings_ = settings;
  is_told_well_ = false;
  check();
}

void HealthCheck::pause() {
  ++generation_;
  loop_.cancel(std::exchange(timer_, 0));
}

void HealthCheck::check() {
  if (settings_.health.empty()) return;
  platform::ProgramRun run;
  run.program = settings_.health;
  run.dies_with_us = true;
  run.environment = {"COX_PROGRAM=health", "COX_NODE_NAME=" + node_name_};
  run.timeout = settings_.health_timeout;
  programs_.run(run, [this, generation = generation_](const platform::ProgramEnd& end) {
    if (generation == generation_) checked(end);
  });
}

void HealthCheck::checked(const platform::ProgramEnd& end) {
  // What it says is why it failed, where it came to an end by itself.
  const bool is_said = end.has_exited && !end.line.empty();
  const std::string reason = is_said ? end.line : settings_.health + ": " + end.text();
  if (!end.is_good || !is_told_well_) tell_(end.is_good, end.is_good ? "" : reason);
  is_told_well_ = end.is_good;
  timer_ = loop_.after(settings_.health_period, [this] { check(); });
}

}  // namespace cox::noded
