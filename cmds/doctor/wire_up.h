// What `cox doctor mpi` asks for and how it reads the answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmds/doctor/findings.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// Nodes of one class on which a wire-up is tried: two where there are, else one.
struct ProbedClass {
  std::string name;
  std::vector<std::string> nodes;
  std::uint32_t tasks = 0;
};

/// One of each class that has nodes with room; `left_out`: classes without.
std::vector<ProbedClass> classes_to_probe(const wire::NodeList& nodes,
                                          std::vector<std::string>* left_out);

/// What the tasks of a probe printed, and how the command ended, as a finding. `server`: "pmix".
Finding judge_probe(const ProbedClass& probed,
                    const std::string& server,
                    int status,
                    const std::string& output);

}  // namespace cox::cmds
