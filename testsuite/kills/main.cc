// kills: kill -9 at random moments under load, then the proof that nothing was lost, nothing ran
// twice and nothing was disturbed. The seed chooses whom, how and after how long; what the victims
// were doing at that moment is real and differs from run to run. --steps: trials of MPI steps.
#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "common/text.h"
#include "testsuite/kills/clients.h"
#include "testsuite/kills/driver.h"
#include "testsuite/kills/steps.h"

namespace {

using cox::kills::DriverOptions;
using cox::kills::Report;
using cox::kills::StepOptions;
using cox::kills::StepReport;

constexpr const char* usage =
    "usage: kills [--kills N] [--seed S] [--nodes N] [--clients N] [--namespaces] [--long-cuts]\n"
    "             [--keep DIR]\n"
    "       kills --steps N [--seed S] [--keep DIR]\n";
constexpr int skipped = 77;  // as ctest is told

bool read_options(const std::vector<std::string>& words, DriverOptions* options) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--namespaces" || words[i] == "--long-cuts") {
      options->namespaces = true;
      options->long_cuts |= words[i] == "--long-cuts";
      continue;
    }
    if (i + 1 == words.size()) return false;
    const std::string& name = words[i];
    const std::string& value = words[++i];
    const auto number = cox::parse_u64(value);
    if (name == "--keep") {
      options->keep = value;
    } else if (name == "--seed" && number) {
      options->seed = *number;
    } else if (name == "--kills" && number) {
      options->kills = *number;
    } else if (name == "--nodes" && number && *number >= 2 && *number <= 64) {
      options->nodes = static_cast<std::uint32_t>(*number);
    } else if (name == "--clients" && number && *number >= 1 && *number <= 256) {
      options->clients = *number;
    } else {
      return false;
    }
  }
  return true;
}

/// None where it is about something else than steps.
std::optional<StepOptions> read_step_options(const std::vector<std::string>& words) {
  StepOptions options;
  bool is_about_steps = false;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const auto number = cox::parse_u64(words[i + 1]);
    if (words[i] == "--steps" && number) {
      options.trials = *number;
      is_about_steps = true;
    } else if (words[i] == "--seed" && number) {
      options.seed = *number;
    } else if (words[i] == "--keep") {
      options.keep = words[i + 1];
    } else {
      return std::nullopt;
    }
  }
  if (!is_about_steps || words.size() % 2 != 0) return std::nullopt;
  return options;
}

int run_trials(const StepOptions& options) {
  const StepReport report = cox::kills::try_steps(options);
  if (!report.missing.empty()) {
    std::printf("left out: %s\n", report.missing.c_str());
    return skipped;
  }
  for (const auto& [what, count] : report.ends) {
    std::printf("%4llu  %s\n", static_cast<unsigned long long>(count), what.c_str());
  }
  for (const std::string& text : report.complaints) std::printf("%s\n", text.c_str());
  const bool has_failed =
      !report.complaints.empty() || ::testing::UnitTest::GetInstance()->Failed();
  std::printf("%llu trials in %.1f s: %s (again: kills --steps %llu --seed %llu)\n",
              static_cast<unsigned long long>(report.trials), report.seconds,
              has_failed ? "a promise was broken" : "every promise kept",
              static_cast<unsigned long long>(options.trials),
              static_cast<unsigned long long>(options.seed));
  return has_failed ? 1 : 0;
}

void print(const char* name, std::uint64_t value) {
  std::printf("%-28s %llu\n", name, static_cast<unsigned long long>(value));
}

void print_report(const Report& report) {
  const auto& totals = report.verdict.totals;
  for (const auto& [kind, count] : report.book.kills) print(("kills: " + kind).c_str(), count);
  print("jobs", totals.jobs);
  print("acknowledged", report.book.acknowledged());
  print("completed", totals.completed);
  print("cancelled", totals.cancelled);
  print("failed with their node", totals.failed);
  print("ran again, excused", totals.again);
  print("outputs of cox run unseen", totals.unseen);
  print("attempts never begun", totals.never_begun);
  print("submits resent by key", report.book.resent);
  print("clients turned away", report.book.turned_away);
  print("controllers", report.syncs.processes());
  print("journal syncs", report.syncs.syncs());
  print("replies to submits", report.syncs.replies());
  print("of them after a lost one", report.syncs.answered_late());
  print("messages that name a job", report.syncs.named());
  print("early replies or messages", report.syncs.early());
  print("lost", totals.lost);
  print("twice", totals.doubled);
  print("disturbed", totals.disturbed);
}

bool print_complaints(const Report& report) {
  for (const std::string& text : report.verdict.complaints) std::printf("%s\n", text.c_str());
  for (const std::string& text : report.syncs.complaints()) std::printf("%s\n", text.c_str());
  return !report.verdict.complaints.empty() || !report.syncs.complaints().empty() ||
         ::testing::UnitTest::GetInstance()->Failed();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == "--send") {
    return cox::kills::Clients::send({words.begin() + 1, words.end()});
  }
  if (const auto steps = read_step_options(words)) return run_trials(*steps);
  DriverOptions options;
  if (!read_options(words, &options)) {
    std::fputs(usage, stderr);
    return 2;
  }
  const Report report = cox::kills::drive(options);
  print_report(report);
  const bool has_failed = print_complaints(report);
  std::printf("%llu kills in %.1f s: %s (again: kills --kills %llu --seed %llu --nodes %u%s)\n",
              static_cast<unsigned long long>(report.book.kill_count()), report.seconds,
              has_failed ? "a promise was broken" : "every promise kept",
              static_cast<unsigned long long>(options.kills),
              static_cast<unsigned long long>(options.seed), options.nodes,
              options.long_cuts    ? " --long-cuts"
              : options.namespaces ? " --namespaces"
                                   : "");
  return has_failed ? 1 : 0;
}
