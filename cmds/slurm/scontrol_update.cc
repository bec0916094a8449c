// Slurm's keys in the words of cox update.
#include "cmds/slurm/scontrol_update.h"

#include <algorithm>
#include <array>

#include "cmds/client/submission.h"
#include "cmds/client/table.h"
#include "cmds/slurm/request_words.h"
#include "cmds/update/changes.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::array keys = {
    UpdateKey{"Account", "account", exact},
    UpdateKey{"ArrayTaskThrottle", "array-limit", exact},
    UpdateKey{"Comment", "comment", exact},
    UpdateKey{"Contiguous", "", refused},
    UpdateKey{"CPUsPerTask", "cpus-per-task", exact},
    UpdateKey{"Deadline", "deadline", exact},
    UpdateKey{"Dependency", "dependency", exact},
    UpdateKey{"EligibleTime", "begin", exact},
    UpdateKey{"EndTime", "", refused},
    UpdateKey{"ExcNodeList", "exclude", exact},
    UpdateKey{"Features", "constraint", exact},
    UpdateKey{"Gres", "", refused},
    UpdateKey{"JobName", "job-name", exact},
    UpdateKey{"Licenses", "licenses", exact},
    UpdateKey{"MinMemoryCPU", "mem-per-cpu", exact},
    UpdateKey{"MinMemoryNode", "mem", exact},
    UpdateKey{"Name", "job-name", exact},
    UpdateKey{"Nice", "nice", exact},
    UpdateKey{"NumCPUs", "", refused},
    UpdateKey{"NumNodes", "nodes", exact},
    UpdateKey{"NumTasks", "ntasks", exact},
    UpdateKey{"OverSubscribe", "", refused},
    UpdateKey{"Partition", "partition", exact},
    UpdateKey{"Prefer", "prefer", exact},
    UpdateKey{"Priority", "", refused},
    UpdateKey{"QOS", "qos", exact},
    UpdateKey{"ReqNodeList", "nodelist", exact},
    UpdateKey{"Requeue", "requeue", exact},
    UpdateKey{"ReservationName", "", refused},
    UpdateKey{"StartTime", "begin", exact},
    UpdateKey{"StdOut", "", refused},
    UpdateKey{"Switches", "switches", about},
    UpdateKey{"TasksPerNode", "ntasks-per-node", exact},
    UpdateKey{"TimeLimit", "time", about},
    UpdateKey{"TimeMin", "", refused},
    UpdateKey{"WCKey", "", refused},
    UpdateKey{"WorkDir", "", refused},
};

}  // namespace

std::span<const UpdateKey> update_keys() {
  return keys;
}

Result<void> add_update(const std::string& key, const std::string& value, wire::JobChanges* to) {
  const auto found =
      std::ranges::find_if(keys, [&](const UpdateKey& one) { return upper(one.name) == key; });
  if (found == keys.end() || found->parity == refused) {
    return fail(Code::bad_usage,
                "Update of this parameter is not supported: " + quoted(key) + "=" + quoted(value));
  }
  const std::string_view ours = found->ours;
  if (ours == "constraint" || ours == "prefer") {
    if (auto good = check_features(std::string(ours), value); !good) return good;
  }
  const bool is_switch = ours == "requeue" && (value == "0" || value == "1");
  const std::string word = is_switch ? (value == "1" ? "yes" : "no") : value;
  return add_change(std::string(ours) + "=" + word, wall_now(), to);
}

}  // namespace cox::cmds::slurm
