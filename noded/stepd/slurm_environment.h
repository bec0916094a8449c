// The variables SLURM_... of a batch script and of tasks; man/cox-environment.7 has the table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "noded/stepd/plan.h"

namespace cox::stepd {

/// What all tasks of the step on this node share; for a batch step what the script finds. Pure.
std::vector<std::string> slurm_environment(const StepPlan& plan);
/// What is this task's own; its pid is to be written over the digits of the last entry. Pure.
std::vector<std::string> slurm_task_environment(const StepPlan& plan, std::uint32_t local_task);

/// Puts `folder` behind the folders of PATH, where it is in none of them: what the variables
/// promise is found there.
void append_to_path(const std::string& folder, std::vector<std::string>* environment);
/// The folder of Slurm's commands that belongs to the program `own`; "" where there is none.
std::string slurm_commands_beside(const std::string& own);

/// The name of the entry that gets the pid.
inline constexpr const char* task_pid_name = "SLURM_TASK_PID";

}  // namespace cox::stepd
