// The command line of coxsim.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "sim/machine.h"

namespace cox::sim {

struct Options {
  std::string log;
  MachineShape shape;  // no nodes: as the log's header says
  std::string config;
  std::vector<std::string> set;  // "scheduling.backfill=easy"
  bool json = false;
  bool help = false;
};

/// error: bad_usage names the word at fault
Result<Options> parse_options(int argc, char** argv);

extern const char* const help_text;

}  // namespace cox::sim
