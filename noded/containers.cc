// Waits between tries: 1 ms, doubled each time, ten times.
#include "noded/containers.h"

#include <csignal>
#include <string_view>
#include <utility>

#include "noded/paths.h"
#include "platform/process_text.h"

namespace cox::noded {
namespace {

constexpr unsigned tries_max = 10;
constexpr std::size_t survivors_named_max = 4;
constexpr std::string_view job_prefix = "job_";

Duration pause_before(unsigned tries) {
  return milliseconds(std::int64_t{1} << tries);
}

}  // namespace

Containers::Containers(platform::Loop& loop,
                       const Log& log,
                       std::unique_ptr<platform::Containment> containment,
                       std::string base)
    : loop_(loop), log_(log), containment_(std::move(containment)), base_(std::move(base)) {}

std::string Containers::path(AttemptKey key) const {
  return base_ + "/" + std::string(job_prefix) + key_text(key);
}

std::string Containers::path(const StepKey& key) const {
  const std::string job = path(AttemptKey{key.job, key.attempt});
  // Every job has this step and most have no other: it makes do with the job's own container.
  if (key.step == step_batch && containment_->allows_inner_processes()) return job + "/.";
  return job + "/step_" + step_name(key.step);
}

Result<void> Containers::make(AttemptKey key, const platform::ContainerLimits& limits) {
  return containment_->create(path(key), limits);
}

Result<void> Containers::make(const StepKey& key, const platform::ContainerLimits& limits) {
  return containment_->create(path(key), limits);
}

void Containers::set_supervisor(const StepKey& key, int pid) {
  const auto set = containment_->set_supervisor(path(key), pid);
  if (!set) log_.warning(path(key) + ": " + set.error().message);
}

std::vector<int> Containers::processes(const StepKey& key) const {
  return containment_->processes(path(key));
}

Result<void> Containers::enter(const StepKey& key, int pid) {
  return containment_->enter(path(key), pid);
}

Result<void> Containers::freeze(AttemptKey key, bool stands) {
  return containment_->freeze(path(key), stands);
}

void Containers::kill(const std::string& path, Survived survived) {
  try_kill(path, 0, survived);
}

void Containers::try_kill(const std::string& path, unsigned tries, const Survived& survived) {
  const auto left = containment_->kill_all(path, SIGKILL);
  if (left && *left == 0) return;
  if (tries == tries_max) {
    const std::string why = left ? describe(path) : left.error().message;
    log_.warning(path + ": " +
                 (left ? std::to_string(*left) + " processes survive SIGKILL: " : "") + why);
    if (survived) survived(left ? *left : 1, why);
    return;
  }
  loop_.after(pause_before(tries),
              [this, path, tries, survived] { try_kill(path, tries + 1, survived); });
}

std::string Containers::describe(const std::string& path) const {
  return platform::processes_text(containment_->processes(path), survivors_named_max);
}

void Containers::remove(AttemptKey key, Removed removed) {
  if (removing_.insert(key).second) try_remove(key, 0, removed);
}

void Containers::try_remove(AttemptKey key, unsigned tries, const Removed& removed) {
  Removal removal;
  if (remove_now(key, &removal) || tries == tries_max) {
    removing_.erase(key);
    removed(removal);
    return;
  }
  loop_.after(pause_before(tries),
              [this, key, tries, removed] { try_remove(key, tries + 1, removed); });
}

// Mostly the supervisor saw the last process go, so the kill comes only when removing is refused.
bool Containers::remove_now(AttemptKey key, Removal* removal) {
  const std::string at = path(key);
  if (const auto counted = containment_->usage(at)) removal->usage = counted->usage;
  removal->done = containment_->remove(at).has_value();
  if (removal->done) return true;
  const auto left = containment_->kill_all(at, SIGKILL);
  removal->processes = left ? *left : 1;
  removal->why = left ? describe(at) : left.error().message;
  return false;
}

std::vector<AttemptKey> Containers::strays(const std::set<AttemptKey>& known) const {
  std::vector<AttemptKey> found;
  for (const std::string& name : containment_->children(base_)) {
    if (!name.starts_with(job_prefix)) continue;
    const auto key = parse_attempt_file_name(std::string_view(name).substr(job_prefix.size()));
    if (!key || known.contains(*key)) continue;
    found.push_back(*key);
  }
  return found;
}

void Containers::remove_base() {
  if (!containment_->children(base_).empty()) return;
  const auto removed = containment_->remove(base_);
  if (!removed) log_.warning(base_ + ": " + removed.error().message);
}

}  // namespace cox::noded
