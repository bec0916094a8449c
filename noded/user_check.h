// Whether a job's user exists on this node. Asked of the system once per user and while, on the
// thread for calls that block.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "common/result.h"
#include "model/time.h"
#include "model/user.h"
#include "noded/worker.h"
#include "platform/loop.h"

namespace cox::noded {

class UserCheck {
 public:
  UserCheck(platform::Loop& loop, Worker& worker) : loop_(loop), worker_(worker) {}

  using Done = std::function<void(std::optional<std::string> failure)>;
  /// `done` runs at once when the answer is known, else later. A daemon that is not root can run
  /// jobs of its own user only. A user whose name is their number has no entry anywhere.
  void check(const UserIdentity& user, Done done);

 private:
  struct Known {
    Duration at;
    std::optional<std::string> failure;
  };

  platform::Loop& loop_;
  Worker& worker_;
  std::map<Uid, Known> known_;
};

}  // namespace cox::noded
