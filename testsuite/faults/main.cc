// faults --seeds N [--from S] [--seed S] [--facts S]: simulated runs. Each seed runs twice, the
// second time with the plan thrown away at random: both must give the same trace. A failure prints
// one line that reproduces it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/text.h"
#include "testsuite/faults/simulation.h"

namespace {

struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 200;
  bool prints_facts = false;
};

// The facts of one run, plain and with the plan dropped, to look at and to compare.
int print_facts(std::uint64_t seed) {
  std::printf("== seed %llu\n", static_cast<unsigned long long>(seed));
  cox::faults::Simulation({.seed = seed, .prints_facts = true}).run();
  std::printf("== the same, plan dropped\n");
  cox::faults::Simulation({.seed = seed, .drop_plan = true, .prints_facts = true}).run();
  return 0;
}

bool read_options(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = cox::parse_u64(argv[i + 1]);
    const std::string_view name = argv[i];
    if (!value) {
      return false;
    }
    if (name == "--seeds") {
      options->seeds = *value;
    } else if (name == "--from") {
      options->from = *value;
    } else if (name == "--seed" || name == "--facts") {
      options->from = *value;
      options->seeds = 1;
      options->prints_facts = name == "--facts";
    } else {
      return false;
    }
  }
  return argc % 2 == 1;
}

std::string run_seed(std::uint64_t seed, std::uint64_t* facts, std::uint64_t* trace) {
  const auto plain = cox::faults::Simulation({.seed = seed}).run();
  *facts += plain.facts;
  *trace ^= plain.trace;
  if (!plain.complaint.empty()) {
    return plain.complaint;
  }
  const auto again = cox::faults::Simulation({.seed = seed, .drop_plan = true}).run();
  if (!again.complaint.empty()) {
    return "with the plan dropped: " + again.complaint;
  }
  return again.trace == plain.trace ? "" : "dropping the plan changed the trace";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, &options)) {
    std::fprintf(stderr, "usage: faults [--seeds N] [--from SEED] [--seed SEED] [--facts SEED]\n");
    return 2;
  }
  if (options.prints_facts) {
    return print_facts(options.from);
  }
  std::uint64_t facts = 0;
  std::uint64_t trace = 0;
  for (std::uint64_t seed = options.from; seed < options.from + options.seeds; ++seed) {
    const std::string complaint = run_seed(seed, &facts, &trace);
    if (!complaint.empty()) {
      std::printf("seed %llu: %s (again: faults --seed %llu)\n",
                  static_cast<unsigned long long>(seed), complaint.c_str(),
                  static_cast<unsigned long long>(seed));
      return 1;
    }
  }
  std::printf("%llu seeds, %llu facts, trace %016llx: every promise kept\n",
              static_cast<unsigned long long>(options.seeds),
              static_cast<unsigned long long>(facts), static_cast<unsigned long long>(trace));
  return 0;
}
