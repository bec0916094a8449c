// faults: simulated runs, one or more per seed. Each seed runs twice, the second time with the plan
// thrown away at random: both must give the same trace. A failure is made smaller and then printed
// as one line that reproduces it.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "common/text.h"
#include "testsuite/faults/shrink.h"

namespace {

using cox::faults::Scenario;

constexpr const char* usage =
    "usage: faults [--seeds N] [--from SEED] [--seed SEED] [--facts SEED] [--off KIND,...]\n"
    "              [--jobs N] [--seconds N] [--shrink 0|1]\n";

struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 200;
  Scenario scenario;
  bool prints_facts = false;
  bool shrinks = true;
};

bool read_number(std::string_view name, std::uint64_t value, Options* options) {
  if (name == "--seeds") {
    options->seeds = value;
  } else if (name == "--from") {
    options->from = value;
  } else if (name == "--seed" || name == "--facts") {
    options->from = value;
    options->seeds = 1;
    options->prints_facts = name == "--facts";
  } else if (name == "--jobs") {
    options->scenario.jobs = static_cast<int>(value);
  } else if (name == "--seconds") {
    options->scenario.chaos = cox::seconds(static_cast<std::int64_t>(value));
  } else if (name == "--shrink") {
    options->shrinks = value != 0;
  } else {
    return false;
  }
  return true;
}

bool read_options(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--off") {
      const auto off = cox::faults::KindSet::parse(argv[i + 1]);
      if (!off) {
        std::fprintf(stderr, "faults: %s\n", off.error().message.c_str());
        return false;
      }
      options->scenario.off = *off;
      continue;
    }
    const auto value = cox::parse_u64(argv[i + 1]);
    if (!value || !read_number(argv[i], *value, options)) return false;
  }
  return argc % 2 == 1;
}

// The facts of one run, plain and with the plan dropped, to look at and to compare.
int print_facts(Scenario scenario) {
  scenario.prints_facts = true;
  std::printf("== seed %llu: %s\n", static_cast<unsigned long long>(scenario.seed),
              kinds_of(scenario).text().c_str());
  const auto plain = cox::faults::Simulation(scenario).run();
  std::printf("== the same, plan dropped\n");
  scenario.drop_plan = true;
  const auto again = cox::faults::Simulation(scenario).run();
  std::printf("== %s\n",
              plain.complaint.empty() ? again.complaint.c_str() : plain.complaint.c_str());
  return 0;
}

void print_progress(const Options& options, std::uint64_t seed) {
  if (::isatty(STDERR_FILENO) == 0) return;
  const std::uint64_t done = seed - options.from + 1;
  std::fprintf(stderr, "\r%llu of %llu seeds", static_cast<unsigned long long>(done),
               static_cast<unsigned long long>(options.seeds));
  if (done == options.seeds) std::fputc('\n', stderr);
}

int report(const Options& options, const Scenario& failed, const std::string& complaint) {
  const Scenario small = options.shrinks ? cox::faults::shrink(failed) : failed;
  std::printf("seed %llu: %s (again: faults %s)\n", static_cast<unsigned long long>(failed.seed),
              complaint.c_str(), cox::faults::arguments_of(small).c_str());
  if (options.shrinks) {
    std::printf("enough for it: %s: %s\n", kinds_of(small).text().c_str(),
                cox::faults::complaint_of(small, nullptr).c_str());
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, &options)) {
    std::fputs(usage, stderr);
    return 2;
  }
  Scenario scenario = options.scenario;
  scenario.seed = options.from;
  if (options.prints_facts) return print_facts(scenario);
  cox::faults::Totals totals;
  for (; scenario.seed < options.from + options.seeds; ++scenario.seed) {
    const std::string complaint = cox::faults::complaint_of(scenario, &totals);
    if (!complaint.empty()) return report(options, scenario, complaint);
    print_progress(options, scenario.seed);
  }
  std::printf("%llu seeds, %llu facts, trace %016llx: every promise kept\n",
              static_cast<unsigned long long>(options.seeds),
              static_cast<unsigned long long>(totals.facts),
              static_cast<unsigned long long>(totals.trace));
  return 0;
}
