// Bindings of tasks on recorded machines and on described ones, each expectation written by hand
// from what the machine is made of.
#include <gtest/gtest.h>

#include <cstdlib>

#include "model/binding.h"
#include "platform/file.h"
#include "platform/inventory.h"

namespace cox::platform {
namespace {

using Lines = std::vector<std::string>;

/// The recorded topologies lie beside the source tree, or where COX_TOPOLOGIES says.
std::string topologies_beside_us() {
  if (const char* named = std::getenv("COX_TOPOLOGIES")) return named;
  return COX_SOURCE_DIR "/../shared/topologies";
}

/// A whole machine, or a part of its cores, given to a step.
class BoundMachine {
 public:
  explicit BoundMachine(const std::string& topology) {
    auto machine = Machine::load(topology);
    EXPECT_TRUE(machine) << machine.error().message;
    machine_ = std::move(*machine);
    const NodeInventory inventory = machine_->inventory();
    node_ = inventory.node_class;
    room_.cores = Bitset(node_.cores.size(), true);
    room_.memory_mib = inventory.memory_mib;
    room_.devices = Bitset(node_.devices.size(), true);
  }

  BoundMachine& cores(const std::string& ranges) {
    room_.cores = *Bitset::from_ranges(ranges, node_.cores.size());
    return *this;
  }

  /// "cores@numa", and the number of the nearest GPU behind it: "0-7@0 gpu4".
  Lines bind(std::uint32_t tasks, const std::string& kind) {
    room_.tasks = tasks;
    const auto plan = plan_binding(node_, room_, *parse_bind(kind));
    if (!plan) return {plan.error().message};
    Lines lines;
    for (const TaskBinding& task : plan->tasks) {
      lines.push_back(task.cores.to_ranges() + "@" + task.numa.to_ranges());
      if (task.gpu) lines.back() += " gpu" + std::to_string(number_of(*task.gpu));
    }
    return lines;
  }

  std::string os_cpus(const std::string& cores) const {
    return machine_->os_cpus(*Bitset::from_ranges(cores, node_.cores.size()));
  }

 private:
  int number_of(std::uint32_t gpu) const {
    int number = 0;
    for (std::uint32_t i = 0; i < gpu; ++i) number += node_.devices[i].name == "gpu" ? 1 : 0;
    return number;
  }

  std::unique_ptr<Machine> machine_;
  NodeClass node_;
  BindRoom room_;
};

class BindingOnRecordedMachine : public ::testing::Test {
 protected:
  static BoundMachine load(const std::string& file) {
    return BoundMachine(topologies_beside_us() + "/" + file);
  }

  void SetUp() override {
    if (!path_exists(topologies_beside_us()))
      GTEST_SKIP() << "no topologies in " << topologies_beside_us();
  }
};

// 24 NUMA nodes, one in each package, of 8 cores of 2 threads.
TEST_F(BindingOnRecordedMachine, TwentyFourNumaNodesGetATaskEach) {
  BoundMachine machine = load("192em64t-24n8c2t.xml");
  const Lines all = machine.bind(24, "core");
  ASSERT_EQ(all.size(), 24U);
  EXPECT_EQ(all.front(), "0-7@0");
  EXPECT_EQ(all[9], "72-79@9");
  EXPECT_EQ(all.back(), "184-191@23");
  const Lines halves = machine.bind(48, "numa");
  EXPECT_EQ(halves[18], "72-79@9");
  EXPECT_EQ(halves[19], "72-79@9");
  EXPECT_EQ(machine.bind(2, "core"), (Lines{"0-95@0-11", "96-191@12-23"}));
  // The second task would fit nowhere together, so that the first takes the whole node.
  EXPECT_EQ(machine.cores("4-19").bind(2, "core"), (Lines{"8-15@1", "4-7,16-19@0,2"}));
}

// One package, 4 NUMA nodes of 2 L3 caches of 8 cores; GPU 0 is beside cache 6, GPU 1 beside 7,
// then 2, 3, 0, 1, 4, 5.
TEST_F(BindingOnRecordedMachine, ScrambledGpusAreFoundFromBothSides) {
  BoundMachine machine = load("eas-tioga.xml");
  EXPECT_EQ(machine.bind(8, "core"),
            (Lines{"0-7@0 gpu4", "8-15@0 gpu5", "16-23@1 gpu2", "24-31@1 gpu3", "32-39@2 gpu6",
                   "40-47@2 gpu7", "48-55@3 gpu0", "56-63@3 gpu1"}));
  EXPECT_EQ(machine.bind(8, "gpu"),
            (Lines{"48-55@3 gpu0", "56-63@3 gpu1", "16-23@1 gpu2", "24-31@1 gpu3", "0-7@0 gpu4",
                   "8-15@0 gpu5", "32-39@2 gpu6", "40-47@2 gpu7"}));
  EXPECT_EQ(machine.bind(4, "numa"),
            (Lines{"0-15@0 gpu4", "16-31@1 gpu2", "32-47@2 gpu6", "48-63@3 gpu0"}));
  EXPECT_EQ(machine.bind(2, "gpu"), (Lines{"48-55@3 gpu0", "0-7@0 gpu4"}));
  // Of a job that has cores beside none of its GPUs' caches: those of the same memory, else all.
  EXPECT_EQ(machine.cores("8-15").bind(8, "gpu")[4], "8-15@0 gpu4");
  EXPECT_EQ(machine.bind(8, "gpu")[0], "8-15@0 gpu0");
}

// Two packages of 20 cores in pairs that share a cache, 4 threads each; two GPUs beside each.
TEST_F(BindingOnRecordedMachine, CoresOfFourThreadsAreBoundWhole) {
  BoundMachine machine = load("coral-lassen.xml");
  EXPECT_EQ(machine.bind(4, "core"),
            (Lines{"0-9@0 gpu0", "10-19@0 gpu1", "20-29@1 gpu2", "30-39@1 gpu3"}));
  EXPECT_EQ(machine.bind(4, "gpu"),
            (Lines{"0-19@0 gpu0", "0-19@0 gpu1", "20-39@1 gpu2", "20-39@1 gpu3"}));
  const Lines pairs = machine.bind(20, "core");
  EXPECT_EQ(pairs[0], "0-1@0 gpu0");
  EXPECT_EQ(pairs[1], "2-3@0 gpu1");
  EXPECT_EQ(pairs[19].substr(0, 7), "38-39@1");
  EXPECT_EQ(machine.bind(40, "l3")[3].substr(0, 5), "2-3@0");
  EXPECT_EQ(machine.bind(2, "socket"), (Lines{"0-19@0 gpu0", "20-39@1 gpu2"}));
  EXPECT_EQ(machine.os_cpus("0"), "8-11");  // the first eight are the system's
  EXPECT_EQ(Bitset::from_ranges(machine.os_cpus("20-29"), 1024)->count(), 40U);
}

// Four clusters of 18, 18, 16 and 16 cores: tasks of 17 fit into the first two alone.
TEST_F(BindingOnRecordedMachine, UnequalClustersMakeTheLastTasksStretch) {
  BoundMachine machine = load("knl-snc4-flat-hwloc1.xml");
  EXPECT_EQ(machine.bind(4, "core"), (Lines{"0-16@0", "18-34@1", "17,35-50@0-2", "51-67@2-3"}));
  EXPECT_EQ(machine.bind(68, "numa")[36], "36-51@2");
}

TEST(BindingOnDescribedMachine, FollowsItsCachesAndMemory) {
  BoundMachine machine("package:2 numa:2 l3:2 core:3 pu:2");
  EXPECT_EQ(machine.bind(8, "core"), (Lines{"0-2@0", "3-5@0", "6-8@1", "9-11@1", "12-14@2",
                                            "15-17@2", "18-20@3", "21-23@3"}));
  EXPECT_EQ(machine.bind(4, "auto"), (Lines{"0-5@0", "6-11@1", "12-17@2", "18-23@3"}));
  EXPECT_EQ(machine.bind(24, "l3")[4], "3-5@0");
  EXPECT_EQ(machine.bind(2, "list:0,23/4"), (Lines{"0,23@0,3", "4@0"}));
  EXPECT_EQ(machine.bind(2, "gpu"), (Lines{"--bind gpu: the step has no GPU (see: --gpus)"}));
}

}  // namespace
}  // namespace cox::platform
