// Which cluster a command talks to, and where a cluster of `cox up` keeps its things.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "platform/address.h"

namespace cox::cmds {

/// The directory of `cox up` without --dir: $XDG_RUNTIME_DIR/coxswain, or /tmp/coxswain-UID.
std::string default_cluster_dir();
/// The same for those who use what is there: below /tmp anybody can have made it, and would be told
/// what a command tells its controller. error: not_permitted
Result<std::string> own_cluster_dir();
/// Paths inside the directory of a cluster.
std::string controller_socket(const std::string& dir);
std::string cluster_key_file(const std::string& dir);

struct ClusterAddress {
  platform::Address address;
  std::string key;  // for TCP, where a key was found
};

/// `given` is --cluster; then $COX_CLUSTER, the default directory, /run/coxswain/ctld.sock.
/// error: bad_usage for a malformed address, not_found when nothing stands at any of the places;
/// the message lists them
Result<ClusterAddress> find_cluster(const std::string& given);

}  // namespace cox::cmds
