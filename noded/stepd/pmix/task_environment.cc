// See task_environment.h.
#include "noded/stepd/pmix/task_environment.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

namespace cox::stepd {

std::vector<std::string> open_mpi_variables(const std::string& shared_memory, bool only_loopback) {
  std::vector<std::string> variables{
      // Without these two Open MPI 4.1 starts every rank as a singleton and says nothing.
      "OMPI_MCA_schizo=^orte",
      "OMPI_MCA_ess=pmi",
      // The supervisor has bound the tasks already.
      "OMPI_MCA_hwloc_base_binding_policy=none",
      "OMPI_MCA_orte_externally_bound=1",
      // Ranks that share a core must yield while they wait (30 us per all-reduce instead of 70 ms).
      // Nodes of one machine share cores unseen; where nobody waits a yield costs next to nothing.
      "OMPI_MCA_mpi_yield_when_idle=1",
  };
  if (!shared_memory.empty()) {
    for (const char* name : {"btl_vader", "osc_rdma", "osc_sm"}) {
      variables.push_back(std::string("OMPI_MCA_") + name + "_backing_directory=" + shared_memory);
    }
  }
  // Open MPI leaves loopback out by default: with nothing else, ranks of two nodes of this machine
  // would not reach each other. Nodes that share a real interface do, by its address.
  if (only_loopback) variables.push_back("OMPI_MCA_btl_tcp_if_include=lo");
  return variables;
}

bool has_only_loopback() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return false;
  bool only = true;
  for (const ifaddrs* i = first; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET) continue;
    if ((i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & IFF_LOOPBACK) == 0) only = false;
  }
  ::freeifaddrs(first);
  return only;
}

}  // namespace cox::stepd
