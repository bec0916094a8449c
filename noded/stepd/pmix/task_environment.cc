// See task_environment.h.
#include "noded/stepd/pmix/task_environment.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include <filesystem>
#include <system_error>

namespace cox::stepd {

std::vector<std::string> open_mpi_variables(const MpiSurroundings& surroundings) {
  std::vector<std::string> variables;
  if (!surroundings.shared_memory.empty()) {
    for (const char* name : {"btl_vader", "osc_rdma", "osc_sm"}) {
      variables.push_back(std::string("OMPI_MCA_") + name +
                          "_backing_directory=" + surroundings.shared_memory);
    }
  }
  // Open MPI leaves loopback out by default: with nothing else, ranks of two nodes of this machine
  // would not reach each other. Nodes that share a real interface do, by its address.
  if (surroundings.only_loopback) variables.push_back("OMPI_MCA_btl_tcp_if_include=lo");
  // Without a fabric only this one can work, and looking for the others takes each rank 0.2 s: the
  // libraries of Omni-Path and its ancestor calibrate clocks by sleeping before they look.
  if (!surroundings.has_fabric) variables.push_back("OMPI_MCA_pml=ob1");
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

bool has_fabric(const std::string& classes) {
  for (const char* name : {"infiniband", "cxi", "hfi1", "gni", "bxi"}) {
    std::error_code missing;
    const std::filesystem::directory_iterator devices(classes + '/' + name, missing);
    if (!missing && devices != std::filesystem::directory_iterator()) return true;
  }
  return false;
}

}  // namespace cox::stepd
