// What every prolog and epilog is told of the attempt that it runs for, on a node as on the
// controller's host: variables of coxswain.toml(5), [programs].
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/ids.h"
#include "model/user.h"

namespace cox {

struct ProgramAttempt {
  std::string program;  // the key of the configuration: "prolog", "controller_epilog"
  AttemptKey attempt;
  std::string job_name;
  std::vector<std::string> nodes;  // of the job
  JobId array;                     // 0: the job is no element of one
  std::uint32_t index = 0;
};

/// A list of NAME=VALUE that grows.
class ProgramEnvironment {
 public:
  ProgramEnvironment(const ProgramAttempt& about, const UserIdentity& user);

  ProgramEnvironment& add(const char* name, const std::string& value);

  std::vector<std::string> take() { return std::move(entries_); }

 private:
  std::vector<std::string> entries_;
};

}  // namespace cox
