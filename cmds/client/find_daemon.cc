// See find_daemon.h.
#include "cmds/client/find_daemon.h"

#include <unistd.h>

#include "platform/process.h"

namespace cox::cmds {

Result<std::string> find_daemon(const std::string& name) {
  const std::string own = platform::own_program();
  const std::string beside = own.substr(0, own.rfind('/') + 1);
  for (const std::string& path : {beside + name, beside + "../sbin/" + name}) {
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  auto found = platform::find_program(name);
  if (found) return found;
  return fail(Code::not_found, name + ": neither beside " + own + ", nor in ../sbin, nor in $PATH");
}

}  // namespace cox::cmds
