// Who asks and as whom tasks run. Resolved once, at submit, by the controller.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/ids.h"

namespace cox {

struct UserIdentity {
  Uid uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  // supplementary, exactly what tasks get
  std::string name;                   // for output patterns and USER
  std::string home;
  std::string shell;
  friend bool operator==(const UserIdentity&, const UserIdentity&) = default;
};

/// What a connection may do. Local root and the controller's own user are administrators.
enum class Role : std::uint8_t { read_only = 0, user = 1, operator_ = 2, administrator = 3 };

struct Caller {
  Uid uid = 0;
  std::uint32_t gid = 0;
  Role role = Role::user;
  bool is_confined = false;  // its host is not trusted to say who it is: no role above user
  std::string name{};        // as people know it; empty where nobody has looked it up
};

/// "ada", or "uid 1001" where there is no name.
std::string user_text(Uid uid, const std::string& name);

inline std::string caller_text(const Caller& caller) {
  return user_text(caller.uid, caller.name);
}

}  // namespace cox
