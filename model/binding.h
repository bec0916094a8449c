// Which cores and whose memory each task of a step gets on one node. Pure: the tables of
// model/topology.h in, logical cores out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/bitset.h"
#include "common/result.h"
#include "model/bind_request.h"
#include "model/topology.h"

namespace cox {

/// What the step has on the node.
struct BindRoom {
  Bitset cores;                          // that the job holds
  std::vector<std::int64_t> memory_mib;  // that it holds, per NUMA node
  Bitset devices;                        // that it holds, indices into NodeClass::devices
  std::uint32_t tasks = 0;
  std::uint32_t cores_per_task = 1;
};

struct TaskBinding {
  Bitset cores;
  Bitset numa;                       // empty: its memory is not bound
  std::optional<std::uint32_t> gpu;  // nearest to it of the job's, an index into devices
  friend bool operator==(const TaskBinding&, const TaskBinding&) = default;
};

struct NodeBinding {
  std::vector<TaskBinding> tasks;  // empty: none is bound
  std::string why;                 // none is
};

/// Tasks share the cores evenly, each within one L3 cache, else one NUMA node, else one package,
/// where there is room. Without a kind they are bound to their cores where these suffice. Each is
/// told the nearest of the job's GPUs, of equally near ones that with the fewest tasks; with kind
/// gpu they are dealt to the GPUs in order instead, and bound to the cores beside theirs.
/// error: refused, where what was asked for by name cannot be
Result<NodeBinding> plan_binding(const NodeClass& node,
                                 const BindRoom& room,
                                 const BindRequest& request);

/// For people, a line for each L3 cache of which the job has cores: "package 0 numa 0 l3 1: cores
/// 4-5 task 2; cores 6-7 task 3", and for each GPU: "gpu 1: near task 2,3". `ranks`: of the tasks.
std::vector<std::string> binding_map(const NodeClass& node,
                                     const BindRoom& room,
                                     const NodeBinding& binding,
                                     const std::vector<std::uint32_t>& ranks);

}  // namespace cox
