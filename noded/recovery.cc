// The first second of a daemon: what an earlier one left is found, adopted or ended, before the
// controller hears of this node.
#include <utility>

#include "noded/daemon.h"
#include "noded/stepd/begin_mark.h"
#include "platform/file.h"
#include "platform/mark.h"

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
    if (!key) {
      log_.error(path + " is no file of an attempt: removed");
      [[maybe_unused]] const auto removed = platform::remove_path(path);
      continue;
    }
    auto text = platform::read_file(path, attempt_file_bytes_max);
    Result<RememberedAttempt> attempt =
        text ? parse_attempt_file(*text) : tl::unexpected(text.error());
    if (attempt && attempt->plan.key() == *key) {
      remembered_[*key] = attempt->released;
      plans_.emplace(*key, std::move(attempt->plan));
      continue;
    }
    strays_.insert(*key);
    if (text && *text == ended_attempt_text()) continue;
    log_.error(path + ": " + (attempt ? "is not of this attempt" : attempt.error().message) +
               ": what runs of it is ended");
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
    agent::RecoverAttempt request = recovery_of(plans_.at(key), released, alive);
    request.never_began = request.alive.empty() && request.initial &&
                          give_up(StepKey{key.job, key.attempt, *request.initial});
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

/// True when no task of the initial step ran and none will, whatever still lives of its supervisor.
bool Daemon::give_up(const StepKey& step) {
  const auto plan = plans_.find(AttemptKey{step.job, step.attempt});
  if (plan == plans_.end() || !plan->second.marks_begin) return false;
  if (plan->second.initial() != step.step) return false;
  const auto first = platform::set_mark(setup_.paths.begin_mark(step), stepd::given_up_word);
  if (!first) log_.error(first.error().message);
  return first && *first;
}

/// Of attempts that are forgotten. What was given up stays so: its supervisor may still come.
void Daemon::sweep_marks(const std::set<AttemptKey>& known) {
  const auto names = platform::list_directory(setup_.paths.marks());
  if (!names) return;
  for (const std::string& name : *names) {
    const auto key = parse_step_socket_name(name);
    if (key && !known.contains(AttemptKey{key->job, key->attempt})) remove_mark(*key);
  }
}

void Daemon::remove_mark(const StepKey& step) {
  const std::string path = setup_.paths.begin_mark(step);
  const auto word = platform::read_mark(path);
  if (!word || *word != stepd::begun_word) return;
  const auto removed = platform::remove_path(path);
  if (!removed) log_.error(removed.error().message);
}

// What nobody remembers: containers, directories, supervisors that come late. And what an earlier
// daemon ended as nobody's: the controller is told until it has acknowledged it.
void Daemon::sweep() {
  std::set<AttemptKey> known;
  for (const auto& [key, released] : remembered_) known.insert(key);
  for (const AttemptKey& key : containers_.strays(known)) {
    log_.warning("container of attempt " + key_text(key) + " is nobody's: removed");
    strays_.insert(key);
  }
  for (const AttemptKey& key : strays_) tell(recovery_of_stray(key));
  if (const auto names = platform::list_directory(setup_.paths.tmps())) {
    for (const std::string& name : *names) {
      const auto key = parse_attempt_file_name(name);
      if (key && !known.contains(*key)) remove_tmp(*key);
    }
  }
  sweep_marks(known);
  remembered_.clear();
  strays_.clear();
  loop_.after(late_adoption_after, [this] { supervisors_.adopt([](const std::set<StepKey>&) {}); });
}

}  // namespace cox::noded
