// Keys of `scontrol update JobId=N`, each by the key of `cox update` that does it.
#pragma once

#include <span>
#include <string>

#include "cmds/slurm/tool.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds::slurm {

struct UpdateKey {
  const char* name;
  const char* ours;  // "" where it is refused
  Parity parity;
};

std::span<const UpdateKey> update_keys();
/// `key`: in capitals. error: bad_usage names the key
Result<void> add_update(const std::string& key, const std::string& value, wire::JobChanges* to);

}  // namespace cox::cmds::slurm
