// Both select plug-ins against a slow plain model, and what `topology` prefers.
#include "plugins/select/topology/topology.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <set>

#include "core/policy/choose.h"
#include "plugins/select/linear/linear.h"
#include "testsuite/support/placement.h"
#include "testsuite/support/random_life.h"

namespace cox::plugins {
namespace {

using namespace cox::testing;
using core::FreeNodes;
using core::Never;
using core::NotNow;
using core::Placement;
using core::Selection;

/// The plain model: tries every number of tasks on a node, one after the other.
std::uint32_t plain_capacity(
    const Yard& yard, const JobRequest& request, std::size_t node, bool whole, bool threads) {
  const Component& c = request.common->components.front();
  const NodeClass& kind = yard.classes.front();
  const core::NodeFree all = core::whole_node(yard.nodes[node], kind);
  const core::NodeFree& free = whole ? all : yard.free[node];
  if (c.exclusive && free.jobs > 0) return 0;
  std::uint32_t devices = 0;
  for (const DeviceRequest& device : c.devices) devices += device.count;
  if (devices > free.devices.count()) return 0;
  const std::uint32_t cpus = std::max(1U, c.cpus_per_task);
  const std::uint32_t pus = kind.cores.front().pus;
  std::uint32_t best = 0;
  for (std::uint32_t tasks = 1; tasks <= 200; ++tasks) {
    if (c.tasks_per_node != 0 && tasks > c.tasks_per_node) break;
    const std::uint32_t cores = threads ? (tasks * cpus + pus - 1) / pus : tasks * cpus;
    if (cores > free.cores.count()) break;
    const std::int64_t total = Yard::sum(all.memory_mib);
    std::int64_t memory = total * cores / static_cast<std::int64_t>(kind.cores.size());
    if (c.exclusive || c.memory_per_node_mib == 0) memory = total;
    if (c.memory_per_node_mib > 0) memory = c.memory_per_node_mib;
    if (c.memory_per_cpu_mib > 0) memory = c.memory_per_cpu_mib * tasks * cpus;
    if (memory > Yard::sum(free.memory_mib)) break;
    best = tasks;
  }
  return best;
}

/// Fewest nodes by trying every set of nodes; 0 when none fits.
std::size_t plain_nodes(const Yard& yard, const JobRequest& request, bool whole, bool threads) {
  const Component& c = request.common->components.front();
  std::size_t best = 0;
  for (std::uint32_t set = 1; set < (1U << yard.nodes.size()); ++set) {
    std::size_t nodes = 0;
    std::uint32_t room = 0;
    bool fits = true;
    for (std::size_t i = 0; i < yard.nodes.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      const std::uint32_t here = plain_capacity(yard, request, i, whole, threads);
      const std::uint32_t least = c.tasks != 0 ? 1 : std::max(1U, c.tasks_per_node);
      fits = fits && here >= least;
      room += here;
      ++nodes;
    }
    fits = fits && nodes >= c.nodes_min && nodes <= c.nodes_max;
    fits = fits && (c.tasks == 0 || (room >= c.tasks && nodes <= c.tasks));
    if (fits && (best == 0 || nodes < best)) best = nodes;
  }
  return best;
}

struct Case {
  Yard yard;
  JobRequest request;
  bool threads = false;
};

Case random_case(std::uint64_t seed) {
  Dice dice(seed);
  const unsigned numa = 1 + dice.small(4);
  const unsigned cores = numa * (1 + dice.small(4));
  Case one{Yard(fleet()
                    .nodes(1 + dice.small(4))
                    .cores(cores)
                    .numa(numa)
                    .l3(1 + dice.small(2))
                    .pus(1 + dice.small(2))
                    .memory_mib(1000 + dice.small(500))
                    .devices("gpu", dice.small(4))),
           {},
           dice.chance(30)};
  for (std::uint32_t node = 0; node < one.yard.nodes.size(); ++node) {
    if (dice.chance(40)) continue;
    std::vector<std::size_t> used;
    for (std::size_t core = 0; core < cores; ++core) {
      if (dice.chance(40)) used.push_back(core);
    }
    if (!used.empty()) one.yard.use(node, used, dice.small(200));
  }
  JobBuilder job = testing::job().cpus(dice.small(5));
  const std::uint32_t least = 1 + dice.small(3);
  job = job.nodes(least, least + dice.small(3));
  if (dice.chance(50)) job = job.tasks(least + dice.small(12));
  if (dice.chance(20)) job = job.tasks_per_node(1 + dice.small(3));
  if (dice.chance(15)) job = job.exclusive();
  if (dice.chance(20))
    job = job.memory_mib(dice.small(1200));
  else if (dice.chance(20))
    job = job.memory_per_cpu_mib(1 + dice.small(300));
  if (dice.chance(30)) job = job.devices("gpu", dice.small(4));
  one.request = job.build();
  return one;
}

void check_against_model(const core::SelectPolicy& policy) {
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    const Case one = random_case(seed);
    const Selection answer = policy.select(one.request, one.yard.view(one.threads));
    const std::size_t nodes = plain_nodes(one.yard, one.request, false, one.threads);
    ASSERT_EQ(core::fits_whole(one.request, one.yard.view(one.threads)),
              !std::holds_alternative<Never>(answer))
        << "seed " << seed;
    if (const auto* placed = std::get_if<Placement>(&answer)) {
      ASSERT_EQ(placed->allocation.nodes.size(), nodes) << "seed " << seed;
      ASSERT_EQ(one.yard.fault(placed->allocation), "") << "seed " << seed;
      std::uint32_t tasks = 0;
      for (const NodeShare& share : placed->allocation.nodes) tasks += share.tasks;
      const std::uint32_t wanted = one.request.common->components[0].tasks;
      if (wanted != 0) {
        ASSERT_EQ(tasks, wanted) << "seed " << seed;
      }
    } else {
      ASSERT_EQ(nodes, 0U) << "seed " << seed;
      const bool some_day = plain_nodes(one.yard, one.request, true, one.threads) != 0;
      ASSERT_EQ(std::holds_alternative<NotNow>(answer), some_day) << "seed " << seed;
    }
  }
}

TEST(LinearSelect, FitsExactlyWhenThePlainModelSaysSo) {
  check_against_model(LinearSelect{});
}

TEST(TopologySelect, FitsExactlyWhenThePlainModelSaysSo) {
  check_against_model(TopologySelect{});
}

Allocation placed(const Yard& yard, const JobBuilder& job) {
  const Selection answer = TopologySelect{}.select(job.build(), yard.view());
  EXPECT_TRUE(std::holds_alternative<Placement>(answer));
  return std::get<Placement>(answer).allocation;
}

TEST(LinearSelect, TakesTheLowestFreeCoresOfTheFirstNodes) {
  Yard yard(fleet().nodes(3).cores(4));
  yard.use(0, {0, 1, 2, 3});
  yard.use(1, {0});
  const Selection answer = LinearSelect{}.select(job().cpus(2).build(), yard.view());
  const Allocation& got = std::get<Placement>(answer).allocation;
  EXPECT_EQ(got.nodes[0].node, NodeId{1});
  EXPECT_EQ(got.nodes[0].cores.to_ranges(), "1-2");
}

TEST(TopologySelect, KeepsAJobInOneNumaNodeWhereItFits) {
  Yard yard(fleet().nodes(1).cores(16).numa(2));
  yard.use(0, {0, 1, 2, 3});
  EXPECT_EQ(placed(yard, job().cpus(6)).nodes[0].cores.to_ranges(), "8-13");
  EXPECT_EQ(placed(yard, job().cpus(3)).nodes[0].cores.to_ranges(), "4-6");  // the tighter one
}

TEST(TopologySelect, PrefersTheNodeWhereItNeedNotBeSplit) {
  Yard yard(fleet().nodes(2).cores(8).numa(2));
  yard.use(0, {0, 4});
  EXPECT_EQ(placed(yard, job().cpus(4)).nodes[0].node, NodeId{1});
  EXPECT_EQ(placed(yard, job().cpus(3)).nodes[0].node, NodeId{0});  // fills what is broken already
}

TEST(TopologySelect, PacksWithinOneCacheAndTakesMemoryBesideTheCores) {
  Yard yard(fleet().nodes(1).cores(16).numa(2).l3(2).memory_mib(4000));
  yard.use(0, {0, 8});
  const NodeShare share = placed(yard, job().cpus(4).memory_mib(1500)).nodes[0];
  EXPECT_EQ(share.cores.to_ranges(), "4-7");
  EXPECT_EQ(share.memory_mib, (std::vector<std::int64_t>{1500, 0}));
  const NodeShare more = placed(yard, job().cpus(4).memory_mib(2500)).nodes[0];
  EXPECT_EQ(more.memory_mib, (std::vector<std::int64_t>{2000, 500}));
}

TEST(TopologySelect, TasksThatSpanNumaNodesAreNotSplitThemselves) {
  Yard yard(fleet().nodes(1).cores(10).numa(2));
  const NodeShare share = placed(yard, job().tasks(4).cpus(2)).nodes[0];
  EXPECT_EQ(share.cores.to_ranges(), "0-3,5-8");
}

TEST(TopologySelect, TakesTheCoresBesideTheDevicesAndTheDevicesBesideTheCores) {
  Yard yard(fleet().nodes(1).cores(8).numa(2).devices("gpu", 4));
  yard.free[0].devices.reset(0);
  yard.free[0].devices.reset(2);  // those of NUMA node 0
  const NodeShare share = placed(yard, job().cpus(2).devices("gpu", 1)).nodes[0];
  EXPECT_EQ(share.cores.to_ranges(), "4-5");
  EXPECT_EQ(share.devices.to_ranges(), "1");
}

/// Two nodes of two NUMA nodes with a GPU each: where the GPU is beside the free cores.
TEST(TopologySelect, PrefersTheNodeWhoseFreeDevicesAreBesideFreeCores) {
  Yard yard(fleet().nodes(2).cores(8).numa(2).devices("gpu", 2));
  yard.use(0, {0, 1, 2, 3});
  yard.free[0].devices.reset(1);  // free are cores of NUMA node 1, and the GPU of node 0
  yard.use(1, {4, 5});
  yard.free[1].devices.reset(1);  // free are all cores of NUMA node 0 and its GPU
  const NodeShare share = placed(yard, job().cpus(2).devices("gpu", 1)).nodes[0];
  EXPECT_EQ(share.node, NodeId{1});
  EXPECT_EQ(share.cores.to_ranges(), "0-1");
  EXPECT_EQ(share.devices.to_ranges(), "0");
  EXPECT_EQ(placed(yard, job().cpus(2)).nodes[0].node, NodeId{1});  // the tighter one
}

/// Four caches of two cores, GPUs in another order than they are: 3, 0, 2, 1.
TEST(TopologySelect, TakesTheCacheBesideWhichADeviceIsFree) {
  Yard yard(fleet().nodes(1).cores(8).l3(4).devices("gpu", 4));
  constexpr std::size_t cache_of[] = {3, 0, 2, 1};
  for (std::size_t i = 0; i < 4; ++i) {
    Bitset near(8);
    near.set(cache_of[i] * 2);
    near.set(cache_of[i] * 2 + 1);
    yard.classes[0].devices[i].near = near;
  }
  yard.free[0].devices.reset(1);  // beside cores 0 and 1
  const NodeShare one = placed(yard, job().cpus(2).devices("gpu", 1)).nodes[0];
  EXPECT_EQ(one.cores.to_ranges(), "2-3");
  EXPECT_EQ(one.devices.to_ranges(), "3");
  yard.free[0].devices.reset(3);
  const NodeShare two = placed(yard, job().tasks(2).cpus(2).devices("gpu", 2)).nodes[0];
  EXPECT_EQ(two.cores.to_ranges(), "4-7");
  EXPECT_EQ(two.devices.to_ranges(), "0,2");
  EXPECT_EQ(placed(yard, job().cpus(2)).nodes[0].cores.to_ranges(), "0-1");
  // More cores than are beside the free ones: wherever there is room.
  EXPECT_EQ(placed(yard, job().cpus(6).devices("gpu", 1)).nodes[0].cores.count(), 6U);
}

TEST(TopologySelect, CoresOfSeveralNumaNodesAreThoseBesideTheDevices) {
  Yard yard(fleet().nodes(1).cores(16).numa(4).devices("gpu", 4));
  yard.free[0].devices.reset(0);
  yard.free[0].devices.reset(2);
  const NodeShare share = placed(yard, job().tasks(2).cpus(4).devices("gpu", 2)).nodes[0];
  EXPECT_EQ(share.cores.to_ranges(), "4-7,12-15");
  EXPECT_EQ(share.devices.to_ranges(), "1,3");
}

/// Both NUMA nodes have a GPU; the second has a NIC as well.
TEST(TopologySelect, GpusAreTakenWhereANicIs) {
  Yard yard(fleet().nodes(1).cores(8).numa(2).devices("gpu", 2));
  DeviceInfo nic = yard.classes[0].devices[1];
  nic.name = "nic";
  yard.classes[0].devices.push_back(nic);
  yard.free[0].devices.resize(3);
  yard.free[0].devices.set(2);
  const NodeShare share = placed(yard, job().cpus(2).devices("gpu", 1)).nodes[0];
  EXPECT_EQ(share.cores.to_ranges(), "4-5");
  EXPECT_EQ(share.devices.to_ranges(), "1");
  EXPECT_EQ(placed(yard, job().cpus(2)).nodes[0].cores.to_ranges(), "0-1");
  // A NIC that is asked for is beside its cores, and so is the GPU.
  const NodeShare both = placed(yard, job().cpus(2).devices("gpu", 1).devices("nic", 1)).nodes[0];
  EXPECT_EQ(both.cores.to_ranges(), "4-5");
  EXPECT_EQ(both.devices.to_ranges(), "1-2");
}

TEST(TopologySelect, WholeNodesAreGivenWhole) {
  Yard yard(fleet().nodes(2).cores(4));
  yard.use(0, {3});
  const NodeShare share = placed(yard, job().exclusive()).nodes[0];
  EXPECT_EQ(share.node, NodeId{1});
  EXPECT_EQ(share.cores.count(), 4U);
  EXPECT_EQ(share.memory_mib, std::vector<std::int64_t>{4000});
  EXPECT_EQ(share.tasks, 1U);
}

TEST(TopologySelect, NamedNodesAreInTheAllocation) {
  Yard yard(fleet().nodes(4));
  const Allocation two = placed(yard, job().nodes(2).on({"n3"}));
  EXPECT_EQ(two.nodes[0].node, NodeId{0});
  EXPECT_EQ(two.nodes[1].node, NodeId{3});
  const Selection none = TopologySelect{}.select(job().on({"n9"}).build(), yard.view());
  EXPECT_TRUE(std::holds_alternative<Never>(none));
}

}  // namespace
}  // namespace cox::plugins
