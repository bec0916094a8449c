// By ip(8). A cable is cut by giving each side a wrong hardware address of the other: the
// interfaces stay up, and no socket gets an error from its own end.
#include "testsuite/daemons/cut_network.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/text.h"
#include "platform/file.h"
#include "testsuite/daemons/processes.h"

namespace cox::daemons {
namespace {

constexpr const char* ip_program = "/usr/sbin/ip";

bool ip(const std::string& arguments) {
  platform::SpawnRequest request;
  request.program = ip_program;
  request.argv = {"ip"};
  for (const std::string_view word : split(arguments, ' ')) request.argv.emplace_back(word);
  request.directory = "/";
  return run_program(request).status == 0;
}

/// Nodes reach each other by way of the controller's end.
bool forward_in(const std::string& hub) {
  platform::SpawnRequest request;
  request.program = ip_program;
  request.argv = {"ip", "netns", "exec", hub, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"};
  request.directory = "/";
  return run_program(request).status == 0;
}

std::string network(std::uint32_t index) {
  return "10.218." + std::to_string(index);
}

}  // namespace

CutNetwork::CutNetwork(std::uint32_t nodes)
    : nodes_(nodes), prefix_("coxcut" + std::to_string(::getpid())) {
  if (::geteuid() != 0 || !platform::path_exists(ip_program)) return;
  is_up_ = ip("netns add " + name("c")) && ip("-n " + name("c") + " link set lo up") &&
           forward_in(name("c"));
  for (std::uint32_t i = 0; is_up_ && i < nodes_; ++i) is_up_ = lay_cable(i);
}

CutNetwork::~CutNetwork() {
  for (std::uint32_t i = 0; i < nodes_; ++i) ip("netns del " + name(std::to_string(i)));
  ip("netns del " + name("c"));
}

std::string CutNetwork::name(const std::string& end) const {
  return prefix_ + "-" + end;
}

bool CutNetwork::lay_cable(std::uint32_t index) const {
  const std::string node = name(std::to_string(index));
  const std::string hub = name("c");
  const std::string port = "port" + std::to_string(index);
  return ip("netns add " + node) && ip("-n " + node + " link set lo up") &&
         ip("-n " + hub + " link add " + port + " type veth peer name eth0 netns " + node) &&
         ip("-n " + hub + " addr add " + controller_address(index) + "/24 dev " + port) &&
         ip("-n " + node + " addr add " + node_address(index) + "/24 dev eth0") &&
         ip("-n " + hub + " link set " + port + " up") && ip("-n " + node + " link set eth0 up") &&
         ip("-n " + node + " route add default via " + controller_address(index));
}

std::string CutNetwork::controller_file() const {
  return "/run/netns/" + name("c");
}

std::string CutNetwork::node_file(std::uint32_t index) const {
  return "/run/netns/" + name(std::to_string(index));
}

std::string CutNetwork::controller_address(std::uint32_t index) {
  return network(index) + ".1";
}

std::string CutNetwork::node_address(std::uint32_t index) {
  return network(index) + ".2";
}

void CutNetwork::cut(std::uint32_t index) const {
  const std::string node = name(std::to_string(index));
  EXPECT_TRUE(ip("-n " + node + " neigh replace " + controller_address(index) +
                 " lladdr 02:00:00:00:00:01 dev eth0 nud permanent"));
  EXPECT_TRUE(ip("-n " + name("c") + " neigh replace " + node_address(index) +
                 " lladdr 02:00:00:00:00:02 dev port" + std::to_string(index) + " nud permanent"));
}

void CutNetwork::mend(std::uint32_t index) const {
  const std::string node = name(std::to_string(index));
  EXPECT_TRUE(ip("-n " + node + " neigh del " + controller_address(index) + " dev eth0"));
  EXPECT_TRUE(ip("-n " + name("c") + " neigh del " + node_address(index) + " dev port" +
                 std::to_string(index)));
}

}  // namespace cox::daemons
