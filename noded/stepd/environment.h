// The environment of a task: the user's own, without what an outer job left in it, plus ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "noded/stepd/plan.h"

namespace cox::stepd {

/// What all tasks of the step on this node share, as NAME=VALUE, each name once. Pure.
std::vector<std::string> common_environment(const StepPlan& plan);

/// `common` plus this local task's rank. Pure.
std::vector<std::string> task_environment(const StepPlan& plan,
                                          const std::vector<std::string>& common,
                                          std::uint32_t local_task);

/// What Open MPI 4.1 needs to find the wire-up server and to leave binding to us; for the tasks of
/// steps only, since a nested mpirun breaks with it. What the user has set stays, except where the
/// program would start as singletons. `cpus_online`: PUs of the machine.
void add_open_mpi_environment(const StepPlan& plan,
                              std::uint32_t cpus_online,
                              std::vector<std::string>* environment);

/// Makes Open MPI 4.1 fail in MPI_Init where no wire-up server is, instead of starting each task as
/// a world of its own.
void forbid_open_mpi_singletons(std::vector<std::string>* environment);

/// Sets NAME=VALUE, replacing what was there.
void set_variable(std::vector<std::string>* environment,
                  const std::string& name,
                  const std::string& value);

/// Value of a variable, or null.
const char* find_variable(const std::vector<std::string>& environment, const std::string& name);

}  // namespace cox::stepd
