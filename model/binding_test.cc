// Bindings of small machines, each expectation written by hand.
#include "model/binding.h"

#include <gtest/gtest.h>

namespace cox {
namespace {

using Lines = std::vector<std::string>;

/// Two packages of two NUMA nodes with two L3 caches of two cores: 16 cores.
NodeClass sixteen_cores() {
  NodeClass node;
  node.packages = 2;
  node.numa_nodes = 4;
  for (std::uint16_t core = 0; core < 16; ++core) {
    const auto part = [&](int size) { return static_cast<std::uint16_t>(core / size); };
    node.cores.push_back(CoreInfo{part(8), part(4), part(2), 1});
  }
  return node;
}

BindRoom room_for(std::uint32_t tasks, const std::string& cores = "0-15") {
  BindRoom room;
  room.cores = *Bitset::from_ranges(cores, 16);
  room.memory_mib = {100, 100, 100, 100};
  room.tasks = tasks;
  return room;
}

/// "cores@numa" of each task.
Lines planned(const BindRoom& room, const std::string& bind) {
  const auto request = bind.empty() ? Result<BindRequest>(BindRequest{}) : parse_bind(bind);
  EXPECT_TRUE(request) << request.error().message;
  const auto plan = plan_binding(sixteen_cores(), room, *request);
  if (!plan) return {plan.error().message};
  if (plan->tasks.empty()) return {"none: " + plan->why};
  Lines out;
  for (const TaskBinding& task : plan->tasks) {
    out.push_back(task.cores.to_ranges() + "@" + task.numa.to_ranges());
  }
  return out;
}

TEST(Binding, tasks_share_the_cores_evenly) {
  EXPECT_EQ(planned(room_for(4), "core"), (Lines{"0-3@0", "4-7@1", "8-11@2", "12-15@3"}));
  EXPECT_EQ(planned(room_for(2), "auto"), (Lines{"0-7@0-1", "8-15@2-3"}));
  EXPECT_EQ(planned(room_for(1), "core"), (Lines{"0-15@0-3"}));
  EXPECT_EQ(planned(room_for(2), ""), planned(room_for(2), "auto")) << "nothing was asked for";
}

TEST(Binding, a_task_stays_within_one_cache_or_one_memory_where_there_is_room) {
  EXPECT_EQ(planned(room_for(5), "core"),
            (Lines{"0-2@0", "4-6@1", "8-10@2", "12-14@3", "3,7,11@0-2"}))
      << "only the last has to stretch";
  EXPECT_EQ(planned(room_for(3, "1-7"), "core"), (Lines{"2-3@0", "4-5@1", "6-7@1"}));
  EXPECT_EQ(planned(room_for(2, "3-6"), "core"), (Lines{"4-5@1", "3,6@0-1"}));
}

TEST(Binding, wider_kinds_take_what_the_job_has_beside) {
  EXPECT_EQ(planned(room_for(16), "l3")[5], "4-5@1");
  EXPECT_EQ(planned(room_for(8), "numa"),
            (Lines{"0-3@0", "0-3@0", "4-7@1", "4-7@1", "8-11@2", "8-11@2", "12-15@3", "12-15@3"}));
  EXPECT_EQ(planned(room_for(2, "0-5,9"), "socket"), (Lines{"0-5@0-1", "0-5@0-1"}));
}

TEST(Binding, too_few_cores_bind_nothing_unless_it_was_asked_for) {
  EXPECT_EQ(planned(room_for(5, "0-3"), "auto"), (Lines{"none: 5 tasks of 1 core have 4 cores"}));
  EXPECT_EQ(planned(room_for(5, "0-3"), "core"),
            (Lines{"--bind: 5 tasks of 1 core have 4 cores (see: --bind none)"}));
  BindRoom wide = room_for(2, "0-5");
  wide.cores_per_task = 4;
  EXPECT_EQ(planned(wide, "auto"), (Lines{"none: 2 tasks of 4 cores have 6 cores"}));
  EXPECT_EQ(planned(room_for(5, "0-3"), "none"), (Lines{"none: --bind none"}));
}

TEST(Binding, memory_that_the_job_holds_nothing_of_is_not_bound_to) {
  BindRoom room = room_for(2, "0-7");
  room.memory_mib = {0, 100, 0, 0};
  EXPECT_EQ(planned(room, "core"), (Lines{"0-3@", "4-7@1"}));
}

/// A GPU beside each NUMA node but the first, in the order 2, 3, 1, and a NIC before them.
NodeClass with_gpus() {
  NodeClass node = sixteen_cores();
  node.devices.push_back({"nic", "", 0, *Bitset::from_ranges("0-3", 16)});
  node.devices.push_back({"gpu", "", 2, *Bitset::from_ranges("8-11", 16)});
  node.devices.push_back({"gpu", "", 3, *Bitset::from_ranges("12-15", 16)});
  node.devices.push_back({"gpu", "", 1, *Bitset::from_ranges("4-7", 16)});
  return node;
}

/// "cores>gpu" of each task, GPUs by their place among the devices.
Lines with_nearest(BindRoom room, const std::string& bind, const std::string& devices) {
  room.devices = *Bitset::from_ranges(devices, 4);
  const auto plan = plan_binding(with_gpus(), room, *parse_bind(bind));
  if (!plan) return {plan.error().message};
  Lines out;
  for (const TaskBinding& task : plan->tasks) {
    out.push_back(task.cores.to_ranges() + ">" + (task.gpu ? std::to_string(*task.gpu) : "-"));
  }
  return out;
}

TEST(Binding, each_task_is_told_the_nearest_gpu_of_its_step) {
  EXPECT_EQ(with_nearest(room_for(4), "core", "0-3"),
            (Lines{"0-3>3", "4-7>3", "8-11>1", "12-15>2"}))
      << "the first has its nearest in its package";
  EXPECT_EQ(with_nearest(room_for(2), "core", "1-3"), (Lines{"0-7>3", "8-15>1"}));
  EXPECT_EQ(with_nearest(room_for(4), "core", "1-2"),
            (Lines{"0-3>1", "4-7>2", "8-11>1", "12-15>2"}))
      << "equally far ones in turn";
  EXPECT_EQ(with_nearest(room_for(4), "core", "0")[0], "0-3>-") << "a NIC is no GPU";
}

TEST(Binding, tasks_are_dealt_to_gpus_and_bound_beside_them) {
  EXPECT_EQ(with_nearest(room_for(3), "gpu", "0-3"), (Lines{"8-11>1", "12-15>2", "4-7>3"}));
  EXPECT_EQ(with_nearest(room_for(4), "gpu", "1,3"), (Lines{"8-11>1", "8-11>1", "4-7>3", "4-7>3"}));
  EXPECT_EQ(with_nearest(room_for(2), "gpu", "1-3"), (Lines{"8-11>1", "12-15>2"}));
  EXPECT_EQ(with_nearest(room_for(1, "0-3"), "gpu", "1"), (Lines{"0-3>1"})) << "none are beside it";
  EXPECT_EQ(with_nearest(room_for(2), "gpu", "0"),
            (Lines{"--bind gpu: the step has no GPU (see: --gpus)"}));
}

TEST(Binding, a_list_is_taken_as_it_is_and_again_from_its_front) {
  EXPECT_EQ(planned(room_for(3), "list:0,8/4-5"), (Lines{"0,8@0,2", "4-5@1", "0,8@0,2"}));
  EXPECT_EQ(planned(room_for(1, "0-3"), "list:2-4"),
            (Lines{"--bind list: core 4 is none of the job's, which are 0-3"}));
}

TEST(Binding, what_is_no_kind_is_named) {
  for (const char* text :
       {"", "cores", "list:", "list:1//2", "list:a", "list:2-1", "list:99999", "CORE", "list"}) {
    const auto bind = parse_bind(text);
    ASSERT_FALSE(bind) << text;
    EXPECT_EQ(bind.error().message.find(text), 0U) << bind.error().message;
  }
}

TEST(BindingMap, has_a_line_for_each_cache_of_which_the_job_has_cores) {
  const BindRoom room = room_for(3, "0-2,4-5,8");
  const auto plan = plan_binding(sixteen_cores(), room, *parse_bind("core"));
  ASSERT_TRUE(plan);
  EXPECT_EQ(
      binding_map(sixteen_cores(), room, *plan, {6, 7, 8}),
      (Lines{"package 0 numa 0 l3 0: cores 0-1 task 6", "package 0 numa 0 l3 1: core 2 task 8",
             "package 0 numa 1 l3 2: cores 4-5 task 7", "package 1 numa 2 l3 4: core 8 task 8"}));
  BindRoom roomy = room_for(2, "0-4");
  const auto half = plan_binding(sixteen_cores(), roomy, *parse_bind("numa"));
  ASSERT_TRUE(half);
  EXPECT_EQ(
      binding_map(sixteen_cores(), roomy, *half, {0, 1}),
      (Lines{"package 0 numa 0 l3 0: cores 0-1 task 0,1",
             "package 0 numa 0 l3 1: cores 2-3 task 0,1", "package 0 numa 1 l3 2: core 4 free"}));
}

TEST(BindingMap, says_which_tasks_are_nearest_to_a_gpu) {
  BindRoom room = room_for(3);
  room.devices = *Bitset::from_ranges("0-3", 4);
  const auto plan = plan_binding(with_gpus(), room, *parse_bind("gpu"));
  ASSERT_TRUE(plan);
  const auto lines = binding_map(with_gpus(), room, *plan, {4, 5, 9});
  ASSERT_EQ(lines.size(), 11U);
  EXPECT_EQ(lines[8], "gpu 0 at numa 2: nearest to task 4");
  EXPECT_EQ(lines[10], "gpu 2 at numa 1: nearest to task 9");
}

}  // namespace
}  // namespace cox
