// power [--seeds N] [--from SEED] [--seed SEED]: power cuts under the real store, one run per seed.
// A failure prints one line that reproduces it.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "common/text.h"
#include "testsuite/power/power_run.h"

int main(int argc, char** argv) {
  std::uint64_t from = 1;
  std::uint64_t seeds = 100;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const auto value = cox::parse_u64(i + 1 < argc ? argv[i + 1] : "");
    const bool is_known = name == "--seeds" || name == "--from" || name == "--seed";
    if (!value || !is_known) {
      std::fprintf(stderr, "usage: power [--seeds N] [--from SEED] [--seed SEED]\n");
      return 2;
    }
    (name == "--seeds" ? seeds : from) = *value;
    if (name == "--seed") seeds = 1;
  }
  cox::power::PowerCounts counts;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    const std::string complaint = cox::power::PowerRun(seed).run(&counts);
    if (complaint.empty()) continue;
    std::printf("seed %llu: %s (again: power --seed %llu)\n", static_cast<unsigned long long>(seed),
                complaint.c_str(), static_cast<unsigned long long>(seed));
    return 1;
  }
  std::printf("%llu seeds, %llu power cuts, %llu facts, %llu taken back: every promise kept\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(counts.cuts),
              static_cast<unsigned long long>(counts.facts),
              static_cast<unsigned long long>(counts.taken_back));
  return 0;
}
