// The option table of sacct.
#include <array>

#include "cmds/slurm/option_tables.h"

namespace cox::cmds::slurm {
namespace {}  // namespace

Options sacct_options() {
  static constexpr std::array table = {
      Option{"accounts", 'A', "LIST", exact, ""},
      Option{"allclusters", 'L', "", exact, ""},
      Option{"allocations", 'X', "", exact, ""},
      Option{"allusers", 'a', "", exact, ""},
      Option{"associations", 'x', "LIST", refused, later},
      Option{"batch-script", 'B', "", refused, later},
      Option{"brief", 'b', "", exact, ""},
      Option{"clusters", 'M', "LIST", exact, ""},
      Option{"cluster", 0, "LIST", exact, "", "clusters"},
      Option{"completion", 'c', "", refused, later},
      Option{"constraints", 'C', "LIST", refused, later},
      Option{"delimiter", 0, "TEXT", exact, ""},
      Option{"duplicates", 'D', "", exact, ""},
      Option{"endtime", 'E', "WHEN", about, "not AM, PM, noon, teatime"},
      Option{"env-vars", 0, "", refused, later},
      Option{"federation", 0, "", exact, ""},
      Option{"file", 'f', "FILE", refused, later},
      Option{"flags", 'F', "LIST", refused, later},
      Option{"format", 'o', "LIST", exact, ""},
      Option{"gid", 0, "LIST", refused, later, "group"},
      Option{"group", 'g', "LIST", refused, later},
      Option{"help", 'h', "", exact, ""},
      Option{"helpformat", 'e', "", exact, ""},
      Option{"jobs", 'j', "LIST", exact, ""},
      Option{"json", 0, "", refused, "not supported (see: cox history --json)"},
      Option{"local", 0, "", exact, ""},
      Option{"long", 'l', "", refused, "not supported: name fields with --format"},
      Option{"name", 0, "LIST", exact, ""},
      Option{"ncpus", 'I', "RANGE", refused, later},
      Option{"nnodes", 'i', "RANGE", refused, later},
      Option{"noconvert", 0, "", exact, ""},
      Option{"nodelist", 'N', "NODES", exact, ""},
      Option{"noheader", 'n', "", exact, ""},
      Option{"parsable", 'p', "", exact, ""},
      Option{"parsable2", 'P', "", exact, ""},
      Option{"partition", 'r', "LIST", exact, ""},
      Option{"qos", 'q', "LIST", exact, ""},
      Option{"reason", 'R', "LIST", refused, later},
      Option{"starttime", 'S', "WHEN", about, "not AM, PM, noon, teatime"},
      Option{"state", 's', "LIST", about, "jobs that are in the state, or ended in it"},
      Option{"timelimit-max", 'K', "TIME", refused, later},
      Option{"timelimit-min", 'k', "TIME", refused, later},
      Option{"truncate", 'T', "", refused, later},
      Option{"uid", 0, "LIST", exact, "", "user"},
      Option{"units", 0, "UNIT", exact, ""},
      Option{"usage", 'U', "", exact, ""},
      Option{"use-local-uid", 0, "", exact, ""},
      Option{"user", 'u', "LIST", exact, ""},
      Option{"verbose", 'v', "", about, "nothing more is said"},
      Option{"version", 'V', "", exact, ""},
      Option{"wckeys", 'W', "LIST", refused, "there are no wckeys"},
      Option{"whole-hetjob", 0, "[=yes|no]", exact, ""},
      Option{"yaml", 0, "", refused, "not supported (see: cox history --json)"},
  };
  return table;
}

}  // namespace cox::cmds::slurm
