// Inventories of recorded machines, of descriptions and of this one.
#include "platform/inventory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "platform/file.h"
#include "platform/inventory_devices.h"
#include "platform/scratch_dir.h"
#include "testsuite/support/gpu_topology.h"

namespace cox::platform {
namespace {

/// The recorded topologies lie beside the source tree, or where COX_TOPOLOGIES says.
std::string topology_dir() {
  if (const char* named = std::getenv("COX_TOPOLOGIES")) return named;
  return COX_SOURCE_DIR "/../shared/topologies";
}

struct Counts {
  std::size_t packages, numa, l3, cores, pus, gpus;
};

Counts counts_of(const NodeInventory& inventory) {
  const NodeClass& node = inventory.node_class;
  Counts out{node.packages, node.numa_nodes, 0, node.cores.size(), 0, 0};
  for (const CoreInfo& core : node.cores) {
    out.pus += core.pus;
    out.l3 = std::max<std::size_t>(out.l3, core.l3 + 1U);
  }
  for (const DeviceInfo& device : node.devices) out.gpus += device.name == "gpu" ? 1 : 0;
  return out;
}

/// What must hold for every inventory: indices within their tables, memory everywhere.
void expect_consistent(const NodeInventory& inventory) {
  const NodeClass& node = inventory.node_class;
  ASSERT_FALSE(node.cores.empty());
  ASSERT_EQ(inventory.memory_mib.size(), node.numa_nodes);
  for (const auto memory : inventory.memory_mib) EXPECT_GT(memory, 0);
  std::vector<bool> has_cores(node.numa_nodes);
  for (const CoreInfo& core : node.cores) {
    ASSERT_LT(core.numa, node.numa_nodes);
    ASSERT_LT(core.package, node.packages);
    ASSERT_GE(core.pus, 1);
    has_cores[core.numa] = true;
  }
  EXPECT_EQ(std::count(has_cores.begin(), has_cores.end(), false), 0);
  for (const DeviceInfo& device : node.devices) {
    EXPECT_EQ(device.near.size(), node.cores.size());
    EXPECT_TRUE(device.near.any());
    EXPECT_LT(device.numa, node.numa_nodes);
  }
  EXPECT_TRUE(node.hash.empty());
}

class RecordedMachine : public ::testing::Test {
 protected:
  std::unique_ptr<Machine> load(const std::string& file) {
    auto machine = Machine::load(topology_dir() + "/" + file);
    if (!machine) {
      ADD_FAILURE() << machine.error().message;
      return nullptr;
    }
    EXPECT_FALSE((*machine)->is_thissystem());
    EXPECT_FALSE((*machine)->inventory().is_thissystem);
    expect_consistent((*machine)->inventory());
    return std::move(*machine);
  }

  void SetUp() override {
    if (!path_exists(topology_dir())) GTEST_SKIP() << "no topologies in " << topology_dir();
  }
};

TEST_F(RecordedMachine, HasTheCountsThatWereRecorded) {
  const std::pair<const char*, Counts> files[] = {
      {"192em64t-24n8c2t.xml", {24, 24, 24, 192, 384, 0}},
      {"coral-lassen.xml", {2, 2, 20, 40, 160, 4}},
      {"cts1-quartz-smt1.xml", {2, 2, 2, 36, 36, 0}},
      {"eas-tioga.xml", {1, 4, 8, 64, 128, 8}},
      {"epyc-dual-sock-hwloc1.xml", {2, 8, 16, 64, 128, 0}},
      {"g4dnmetal.xml", {2, 2, 2, 48, 96, 8}},
      {"knl-snc4-flat-hwloc1.xml", {1, 4, 4, 68, 272, 0}},
      {"nvidiaDGX2.xml", {2, 2, 2, 4, 4, 16}},
  };
  for (const auto& [file, wanted] : files) {
    SCOPED_TRACE(file);
    const auto machine = load(file);
    ASSERT_TRUE(machine);
    const Counts counts = counts_of(machine->inventory());
    EXPECT_EQ(counts.packages, wanted.packages);
    EXPECT_EQ(counts.numa, wanted.numa);
    EXPECT_EQ(counts.l3, wanted.l3);
    EXPECT_EQ(counts.cores, wanted.cores);
    EXPECT_EQ(counts.pus, wanted.pus);
    EXPECT_EQ(counts.gpus, wanted.gpus);
  }
}

TEST_F(RecordedMachine, TiogasGpusAndNicsAreBesideTheirScrambledCores) {
  const auto machine = load("eas-tioga.xml");
  ASSERT_TRUE(machine);
  const NodeClass node = machine->inventory().node_class;
  const std::vector<unsigned> l3_of_gpu{6, 7, 2, 3, 0, 1, 4, 5};
  const std::vector<unsigned> numa_of_nic{3, 1, 0, 2};
  std::vector<unsigned> l3_found;
  std::vector<unsigned> numa_found;
  for (const DeviceInfo& device : node.devices) {
    if (device.name == "gpu") {
      EXPECT_EQ(device.type, "mi200");
      EXPECT_EQ(device.near.count(), 8U);
      l3_found.push_back(node.cores[device.near.next(0)].l3);
    } else {
      numa_found.push_back(device.numa);
    }
  }
  EXPECT_EQ(l3_found, l3_of_gpu);
  ASSERT_EQ(numa_found.size(), 5U);
  numa_found.erase(numa_found.begin());  // the management port
  EXPECT_EQ(numa_found, numa_of_nic);
}

TEST_F(RecordedMachine, SpecialMemoryIsNotOrdinaryButMayBeUsedBesideIt) {
  const auto machine = load("knl-snc4-flat-hwloc1.xml");
  ASSERT_TRUE(machine);
  const NodeInventory inventory = machine->inventory();
  for (const auto memory : inventory.memory_mib) EXPECT_GT(memory, 20'000);  // no 4 GB of MCDRAM
  Bitset second(4);
  second.set(1);
  EXPECT_EQ(machine->os_memory_nodes(second), "1,5");
  EXPECT_EQ(machine->os_memory_nodes(Bitset(4)), "");
}

TEST_F(RecordedMachine, LogicalCoresLeadBackToOsIndices) {
  const auto tioga = load("eas-tioga.xml");
  ASSERT_TRUE(tioga);
  Bitset cores(64);
  cores.set(0);
  cores.set(1);
  EXPECT_EQ(tioga->os_cpus(cores), "0-1,64-65");
  const auto dgx = load("nvidiaDGX2.xml");
  ASSERT_TRUE(dgx);
  EXPECT_EQ(dgx->os_cpus(Bitset(4, true)), "0-1,24-25");
}

TEST(Machine, OfThisSystemHasItsProcessorsAndAShareOfItsMemory) {
  const auto whole = Machine::load("");
  ASSERT_TRUE(whole) << whole.error().message;
  const NodeInventory inventory = (*whole)->inventory();
  expect_consistent(inventory);
  EXPECT_TRUE(inventory.is_thissystem);
  EXPECT_LE(static_cast<long>(counts_of(inventory).pus), ::sysconf(_SC_NPROCESSORS_CONF));
  const auto share = Machine::load("", {.memory_divisor = 4});
  ASSERT_TRUE(share);
  EXPECT_EQ((*share)->inventory().memory_mib[0], inventory.memory_mib[0] / 4);
  EXPECT_EQ((*share)->inventory().node_class, inventory.node_class);
}

TEST(Machine, OfADescriptionHasWhatItSays) {
  const auto machine = Machine::load("package:2 l3:2 core:4 pu:2");
  ASSERT_TRUE(machine) << machine.error().message;
  const NodeInventory inventory = (*machine)->inventory();
  expect_consistent(inventory);
  const Counts counts = counts_of(inventory);
  EXPECT_EQ(counts.packages, 2U);
  EXPECT_EQ(counts.l3, 4U);
  EXPECT_EQ(counts.cores, 16U);
  EXPECT_EQ(counts.pus, 32U);
  EXPECT_TRUE(inventory.node_class.devices.empty());
}

// A numbering per vendor: each library sees its own alone.
TEST(Machine, GpusHaveTheNumbersTheirVendorsGiveThem) {
  const ScratchDir dir;
  const std::string file = dir / "gpus.xml";
  using cox::testing::amd_gpu;
  using cox::testing::nvidia_gpu;
  ASSERT_TRUE(write_file_atomic(
      file, cox::testing::gpu_topology({nvidia_gpu, amd_gpu, nvidia_gpu, nvidia_gpu, amd_gpu})));
  const auto machine = Machine::load(file);
  ASSERT_TRUE(machine) << machine.error().message;
  EXPECT_EQ(counts_of((*machine)->inventory()).gpus, 5U);
  Bitset some(5);
  for (const std::size_t gpu : {0, 1, 3}) some.set(gpu);
  EXPECT_EQ((*machine)->gpu_numbers(some, GpuVendor::nvidia), "0,2");
  EXPECT_EQ((*machine)->gpu_numbers(some, GpuVendor::amd), "0");
  EXPECT_EQ((*machine)->gpu_numbers(Bitset(5), GpuVendor::nvidia), "");
  EXPECT_EQ((*machine)->gpu_numbers(Bitset(), GpuVendor::amd), "");
}

TEST_F(RecordedMachine, GpusHaveTheNumbersTheirVendorsGiveThem) {
  const auto dgx = load("nvidiaDGX2.xml");
  const auto tioga = load("eas-tioga.xml");
  ASSERT_TRUE(dgx && tioga);
  Bitset some(16);
  for (const std::size_t gpu : {3, 7}) some.set(gpu);
  EXPECT_EQ(dgx->gpu_numbers(some, GpuVendor::nvidia), "3,7");
  EXPECT_EQ(dgx->gpu_numbers(some, GpuVendor::amd), "");
  EXPECT_EQ(tioga->gpu_numbers(some, GpuVendor::amd), "3,7");
}

TEST(Machine, MemoryOfADescriptionIsItsOwnOrThisSystemsSplit) {
  const auto own = Machine::load("numa:2(memory=2147483648) core:2 pu:1", {.memory_divisor = 4});
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_EQ((*own)->inventory().memory_mib, (std::vector<std::int64_t>{2048, 2048}));
  const auto split = Machine::load("numa:2 core:2 pu:1", {.memory_divisor = 2});
  ASSERT_TRUE(split);
  const std::int64_t all = ::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE) / (1 << 20);
  EXPECT_EQ((*split)->inventory().memory_mib, (std::vector<std::int64_t>{all / 4, all / 4}));
}

TEST(Machine, ComesFromPusWhereThereAreNoCores) {
  const auto machine = Machine::load("package:1 pu:6");
  ASSERT_TRUE(machine) << machine.error().message;
  EXPECT_EQ(counts_of((*machine)->inventory()).cores, 6U);
  EXPECT_EQ((*machine)->os_cpus(Bitset(6, true)), "0-5");
  EXPECT_EQ((*machine)->os_cpus(Bitset(99, true)), "0-5") << "cores that are not there";
}

TEST(Machine, HostileTopologiesAreRefusedByName) {
  const ScratchDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "bad.xml", "<topology><object type=\"Mach"));
  for (const std::string& text :
       {dir / "bad.xml", std::string("/nonexistent.xml"), std::string("missing.xml"),
        std::string("garbage !!"), std::string("core:-1"), std::string(100'000, 'c'),
        std::string("core:100000 pu:100000"), std::string("package:2 [numa] 900 900"),
        std::string("core:99999999999999999999")}) {
    const auto machine = Machine::load(text);
    ASSERT_FALSE(machine) << text.substr(0, 40);
    EXPECT_NE(machine.error().message.find("topology "), std::string::npos);
    EXPECT_EQ(machine.error().message.find('\n'), std::string::npos);
    EXPECT_LT(machine.error().message.size(), 400U);
  }
}

TEST(ShortModel, IsTheWordPeopleAskFor) {
  EXPECT_EQ(short_model("GV100GL [Tesla V100 SXM2 16GB]"), "v100");
  EXPECT_EQ(short_model("Tesla T4"), "t4");
  EXPECT_EQ(short_model("NVIDIA A100-SXM4-40GB"), "a100");
  EXPECT_EQ(short_model("NVIDIA H100 80GB HBM3"), "h100");
  EXPECT_EQ(short_model("AMD INSTINCT MI200 (MCM) OAM LC MBA HPE C2"), "mi200");
  EXPECT_EQ(short_model("Data Center Accelerator"), "data_center_accelerator");
  EXPECT_EQ(short_model(""), "");
  EXPECT_EQ(short_model("]["), "");
  EXPECT_LE(short_model(std::string(500, 'a') + " b").size(), 32U);
}

TEST(BootId, IsOneAndStays) {
  EXPECT_EQ(boot_id().size(), 36U);
  EXPECT_EQ(boot_id(), boot_id());
}

}  // namespace
}  // namespace cox::platform
