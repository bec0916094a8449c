// What `cox ps` is told of one process. Pure but for process_report(), which reads /proc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/user.h"
#include "wire/node.pb.h"

namespace cox::noded {

/// The rank in a NUL-separated environment, COX_RANK; nothing where there is none.
std::optional<std::uint32_t> rank_in(std::string_view environment);
/// "solver -n 8" of NUL-separated words, without what could disturb a terminal; cut where long.
std::string command_text(std::string_view words);

struct StepProcesses {
  StepId step;
  std::vector<int> pids;
};

/// One answer holds at most so many processes.
inline constexpr std::size_t processes_told_max = 4096;

/// The processes of `steps` as they are now; those that ended meanwhile are left out.
wire::Processes process_report(const std::vector<StepProcesses>& steps);
/// Names whose each process is, the job's user as the controller knows them. May look users up.
void put_users(const UserIdentity& owner, wire::Processes* report);

}  // namespace cox::noded
