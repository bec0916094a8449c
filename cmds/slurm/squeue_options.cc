// The option table of squeue.
#include <array>

#include "cmds/slurm/option_tables.h"

namespace cox::cmds::slurm {
namespace {}  // namespace

Options squeue_options() {
  static constexpr std::array table = {
      Option{"all", 'a', "", exact, ""},
      Option{"hide", 0, "", exact, ""},
      Option{"account", 'A', "LIST", exact, ""},
      Option{"array", 'r', "", exact, ""},
      Option{"array-unique", 0, "", refused, "not supported by this version"},
      Option{"clusters", 'M', "LIST", exact, ""},
      Option{"cluster", 0, "LIST", exact, "", "clusters"},
      Option{"federation", 0, "", exact, ""},
      Option{"format", 'o', "FORMAT", exact, ""},
      Option{"Format", 'O', "NAMES", exact, ""},
      Option{"help", 0, "", exact, ""},
      Option{"iterate", 'i', "SECONDS", refused, "not supported (see: cox queue --watch)"},
      Option{"jobs", 'j', "[=LIST]", exact, ""},
      Option{"json", 0, "", refused, "not supported (see: cox queue --json)"},
      Option{"licenses", 'L', "LIST", refused, "there are no licenses"},
      Option{"local", 0, "", exact, ""},
      Option{"long", 'l', "", exact, ""},
      Option{"me", 0, "", exact, ""},
      Option{"name", 'n', "LIST", exact, ""},
      Option{"noconvert", 0, "", exact, ""},
      Option{"node", 'w', "NODES", exact, "", "nodelist"},
      Option{"nodelist", 'w', "NODES", exact, ""},
      Option{"nodes", 0, "NODES", exact, "", "nodelist"},
      Option{"noheader", 'h', "", exact, ""},
      Option{"partition", 'p', "LIST", exact, ""},
      Option{"priority", 'P', "", refused, "not supported: a job has one line"},
      Option{"qos", 'q', "LIST", exact, ""},
      Option{"reservation", 'R', "LIST", refused, "there are no reservations"},
      Option{"sibling", 0, "", exact, ""},
      Option{"sort", 'S', "LIST", exact, ""},
      Option{"start", 0, "", about, "a start is not foretold: START_TIME is N/A"},
      Option{"states", 't', "LIST", exact, ""},
      Option{"steps", 's', "[=LIST]", refused, "not supported (see: cox show job ID)"},
      Option{"usage", 0, "", exact, ""},
      Option{"user", 'u', "LIST", exact, ""},
      Option{"users", 0, "LIST", exact, "", "user"},
      Option{"verbose", 'v', "", about, "nothing more is said"},
      Option{"version", 'V', "", exact, ""},
      Option{"yaml", 0, "", refused, "not supported (see: cox queue --json)"},
  };
  return table;
}

}  // namespace cox::cmds::slurm
