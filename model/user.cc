// How people are told who somebody is.
#include "model/user.h"

namespace cox {

std::string user_text(Uid uid, const std::string& name) {
  const std::string number = std::to_string(uid);
  if (uid == 0 && name.empty()) return "root";  // nobody need look that up
  // Users without an entry have their number as name.
  return name.empty() || name == number ? "uid " + number : name;
}

}  // namespace cox
