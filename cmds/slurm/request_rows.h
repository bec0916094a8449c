// Options, and variables that stand for them, that sbatch, salloc and srun have alike, and how a
// command's table is put together.
#pragma once

#include <array>
#include <cstddef>

#include "cmds/slurm/option_table.h"
#include "cmds/slurm/request_words.h"

namespace cox::cmds::slurm {

inline constexpr std::array request_rows = {
    Option{"account", 'A', "NAME", exact, ""},
    Option{"acctg-freq", 0, "LIST", about, "usage is taken as the node daemon takes it"},
    Option{"bb", 0, "SPEC", refused, later},
    Option{"bbf", 0, "FILE", refused, later},
    Option{"begin", 'b', "WHEN", about,
           "the forms of cox submit --begin; not AM, PM, MM/DD/YY, teatime"},
    Option{"chdir", 'D', "DIR", exact, ""},
    Option{"clusters", 'M', "LIST", exact, ""},
    Option{"cluster", 0, "LIST", exact, "", "clusters"},
    Option{"cluster-constraint", 0, "LIST", refused, "there is one cluster"},
    Option{"comment", 0, "TEXT", exact, ""},
    Option{"constraint", 'C', "FEATURES", refused, later},
    Option{"container", 0, "PATH", refused, later},
    Option{"context", 0, "TEXT", refused, later},
    Option{"contiguous", 0, "", refused, later},
    Option{"core-spec", 'S', "N", refused, later},
    Option{"cores-per-socket", 0, "N", refused, later},
    Option{"cpu-freq", 0, "SPEC", refused, later},
    Option{"cpus-per-gpu", 0, "N", refused, later},
    Option{"cpus-per-task", 'c', "N", exact, ""},
    Option{"deadline", 0, "WHEN", about, "the forms of cox submit --deadline"},
    Option{"delay-boot", 0, "MINUTES", refused, later},
    Option{"dependency", 'd', "LIST", exact, ""},
    Option{"distribution", 'm', "SPEC", about, "the order over nodes: block, cyclic, plane=N"},
    Option{"exclude", 'x', "NODES", exact, ""},
    Option{"extra-node-info", 'B', "SPEC", refused, later},
    Option{"gid", 0, "GROUP", refused, later},
    Option{"gpu-bind", 0, "SPEC", refused, later},
    Option{"gpu-freq", 0, "SPEC", refused, later},
    Option{"gpus", 'G', "[TYPE:]N", exact, ""},
    Option{"gpus-per-node", 0, "[TYPE:]N", exact, ""},
    Option{"gpus-per-socket", 0, "[TYPE:]N", refused, later},
    Option{"gpus-per-task", 0, "[TYPE:]N", refused, later},
    Option{"gres", 0, "LIST", exact, ""},
    Option{"gres-flags", 0, "LIST", refused, later},
    Option{"help", 'h', "", exact, ""},
    Option{"hint", 0, "WORD", refused, later},
    Option{"hold", 'H', "", exact, ""},
    Option{"job-name", 'J', "NAME", exact, ""},
    Option{"licenses", 'L', "LIST", refused, later},
    Option{"mail-type", 0, "LIST", about, "no mail is sent"},
    Option{"mail-user", 0, "ADDRESS", about, "no mail is sent"},
    Option{"mcs-label", 0, "TEXT", refused, later},
    Option{"mem", 0, "SIZE", exact, ""},
    Option{"mem-bind", 0, "SPEC", refused, later},
    Option{"mem-per-cpu", 0, "SIZE", exact, ""},
    Option{"mem-per-gpu", 0, "SIZE", refused, later},
    Option{"mincpus", 0, "N", refused, later},
    Option{"network", 0, "SPEC", refused, later},
    Option{"nice", 0, "[=N]", exact, ""},
    Option{"nodefile", 'F', "FILE", exact, ""},
    Option{"nodelist", 'w', "NODES", exact, ""},
    Option{"nodes", 'N', "MIN[-MAX]", about, "the suffixes k and m are refused"},
    Option{"ntasks", 'n', "N", exact, ""},
    Option{"ntasks-per-core", 0, "N", refused, later},
    Option{"ntasks-per-gpu", 0, "N", refused, later},
    Option{"ntasks-per-node", 0, "N", exact, ""},
    Option{"ntasks-per-socket", 0, "N", refused, later},
    Option{"ntasks-per-tres", 0, "N", refused, later},
    Option{"overcommit", 'O', "", refused, "a task has a core"},
    Option{"oversubscribe", 's', "", refused, "cores are never shared by jobs"},
    Option{"share", 0, "", refused, "cores are never shared by jobs", "oversubscribe"},
    Option{"partition", 'p', "LIST", exact, ""},
    Option{"power", 0, "SPEC", refused, later},
    Option{"prefer", 0, "FEATURES", refused, later},
    Option{"priority", 0, "N", refused, "priorities are reckoned (see: --nice)"},
    Option{"profile", 0, "LIST", refused, later},
    Option{"qos", 'q', "NAME", exact, ""},
    Option{"quiet", 'Q', "", exact, ""},
    Option{"reboot", 0, "", refused, later},
    Option{"reservation", 0, "NAME", refused, "there are no reservations"},
    Option{"signal", 0, "[B:]SIG[@S]", exact, ""},
    Option{"sockets-per-node", 0, "N", refused, later},
    Option{"spread-job", 0, "", refused, later},
    Option{"switches", 0, "N[@TIME]", refused, later},
    Option{"tasks-per-node", 0, "N", exact, "", "ntasks-per-node"},
    Option{"thread-spec", 0, "N", refused, later},
    Option{"threads-per-core", 0, "N", refused, later},
    Option{"time", 't', "LIMIT", exact, ""},
    Option{"time-min", 0, "LIMIT", refused, later},
    Option{"tmp", 0, "SIZE", refused, later},
    Option{"uid", 0, "USER", refused, later},
    Option{"usage", 0, "", exact, ""},
    Option{"use-min-nodes", 0, "", refused, later},
    Option{"verbose", 'v', "", about, "nothing more is said"},
    Option{"version", 'V', "", exact, ""},
    Option{"wckey", 0, "TEXT", about, "it is not kept"},
};

/// Variables of the environment that stand for an option of all three, behind SBATCH_, SALLOC_ and
/// SLURM_.
inline constexpr std::array shared_variables = {
    Variable{"ACCOUNT", ""},
    Variable{"ACCTG_FREQ", ""},
    Variable{"BURST_BUFFER", "bb"},
    Variable{"CONSTRAINT", ""},
    Variable{"CORE_SPEC", ""},
    Variable{"CPUS_PER_GPU", ""},
    Variable{"CPU_FREQ_REQ", "cpu-freq"},
    Variable{"DELAY_BOOT", ""},
    Variable{"EXCLUSIVE", "", true},
    Variable{"GPUS", ""},
    Variable{"GPUS_PER_NODE", ""},
    Variable{"GPUS_PER_SOCKET", ""},
    Variable{"GPUS_PER_TASK", ""},
    Variable{"GPU_BIND", "", true},
    Variable{"GPU_FREQ", "", true},
    Variable{"GRES", ""},
    Variable{"GRES_FLAGS", ""},
    Variable{"HINT", "", true},
    Variable{"MEM_BIND", "", true},
    Variable{"MEM_PER_CPU", ""},
    Variable{"MEM_PER_GPU", ""},
    Variable{"MEM_PER_NODE", "mem"},
    Variable{"NETWORK", ""},
    Variable{"NO_KILL", "", true},
    Variable{"OVERCOMMIT", "", true},
    Variable{"PARTITION", ""},
    Variable{"PROFILE", "", true},
    Variable{"QOS", ""},
    Variable{"REQ_SWITCH", "switches"},
    Variable{"RESERVATION", ""},
    Variable{"SIGNAL", ""},
    Variable{"SPREAD_JOB", ""},
    Variable{"THREADS_PER_CORE", ""},
    Variable{"THREAD_SPEC", ""},
    Variable{"TIMELIMIT", "time"},
    Variable{"USE_MIN_NODES", ""},
    Variable{"WCKEY", ""},
};

/// The rows of `a`, and behind them those of `b`.
template <class Row, std::size_t n, std::size_t m>
constexpr std::array<Row, n + m> joined(const std::array<Row, n>& a, const std::array<Row, m>& b) {
  std::array<Row, n + m> all{};
  for (std::size_t i = 0; i < n; ++i) all[i] = a[i];
  for (std::size_t i = 0; i < m; ++i) all[n + i] = b[i];
  return all;
}

}  // namespace cox::cmds::slurm
