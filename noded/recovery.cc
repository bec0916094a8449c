// The first second of a daemon: what an earlier one left is found, adopted or ended, before the
// controller hears of this node.
#include <utility>

#include "noded/daemon.h"
#include "platform/file.h"

namespace cox::noded {
namespace {

// A supervisor that was just being started when the last daemon died listens a moment later.
constexpr unsigned adoptions_max = 10;
constexpr Duration adoption_pause = milliseconds(100);
constexpr Duration late_adoption_after = seconds(5);
constexpr std::size_t attempt_file_bytes_max = 64U << 20;

}  // namespace

void Daemon::recover() {
  read_attempts();
  adoptions_left_ = adoptions_max;
  supervisors_.adopt([this](const std::set<StepKey>& alive) { recovered(alive); });
}

void Daemon::read_attempts() {
  const auto names = platform::list_directory(setup_.paths.attempts());
  if (!names) {
    log_.error(names.error().message);
    return;
  }
  for (const std::string& name : *names) {
    const std::string path = setup_.paths.attempts() + "/" + name;
    const auto key = parse_attempt_file_name(name);
    auto text = platform::read_file(path, attempt_file_bytes_max);
    Result<RememberedAttempt> attempt =
        text ? parse_attempt_file(*text) : tl::unexpected(text.error());
    if (key && attempt && attempt->plan.key() == *key) {
      remembered_[*key] = attempt->released;
      plans_.emplace(*key, std::move(attempt->plan));
      continue;
    }
    // What ran of it is found by its container and its supervisor, and ended.
    log_.error(path + ": " + (attempt ? "is not of this attempt" : attempt.error().message));
    [[maybe_unused]] const auto removed = platform::remove_path(path);
  }
}

bool Daemon::is_supervisor_missing(const std::set<StepKey>& alive) const {
  for (const auto& [key, released] : remembered_) {
    const auto initial = plans_.at(key).initial();
    if (initial && !alive.contains(StepKey{key.job, key.attempt, *initial})) return true;
  }
  return false;
}

void Daemon::recovered(const std::set<StepKey>& alive) {
  if (is_supervisor_missing(alive) && adoptions_left_ > 0) {
    --adoptions_left_;
    loop_.after(adoption_pause, [this] {
      supervisors_.adopt([this](const std::set<StepKey>& later) { recovered(later); });
    });
    return;
  }
  for (const auto& [key, released] : remembered_) {
    agent::RecoverAttempt request;
    request.attempt = key;
    request.initial = plans_.at(key).initial();
    request.go_at_once = plans_.at(key).prepare.go_at_once();
    request.released = released;
    for (const StepKey& step : alive) {
      if (AttemptKey{step.job, step.attempt} == key) request.alive.push_back(step.step);
    }
    tell(std::move(request));
  }
  log_.info("recovered " + std::to_string(remembered_.size()) + " attempts, " +
            std::to_string(alive.size()) + " supervisors");
  is_recovered_ = true;
  for (auto& [step, status] : std::exchange(early_, {})) tell(std::move(status));
  sweep();
  controller_.start();
  second_passed();
}

// What nobody remembers: containers, directories, supervisors that come late.
void Daemon::sweep() {
  std::set<AttemptKey> known;
  for (const auto& [key, released] : remembered_) known.insert(key);
  for (const AttemptKey& key : containers_.strays(known)) {
    log_.warning("container of attempt " + key_text(key) + " is nobody's: removed");
    agent::RecoverAttempt stray;
    stray.attempt = key;
    stray.is_stray = true;
    tell(std::move(stray));
  }
  if (const auto names = platform::list_directory(setup_.paths.tmps())) {
    for (const std::string& name : *names) {
      const auto key = parse_attempt_file_name(name);
      if (key && !known.contains(*key)) remove_tmp(*key);
    }
  }
  remembered_.clear();
  loop_.after(late_adoption_after, [this] { supervisors_.adopt([](const std::set<StepKey>&) {}); });
}

}  // namespace cox::noded
