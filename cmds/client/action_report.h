// What became of an action on many jobs or nodes: refusals one line each, or one document of all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmds/client/parse.h"
#include "common/result.h"

namespace cox::cmds {

class ActionReport {
 public:
  void add_done(std::uint64_t count) { done_ += count; }

  /// A line on stderr. `name`: of what it is about, "" when the whole request was refused.
  void refuse(const std::string& name, const Error& error);
  /// Prints the document where --json is given. Returns the status that all refusals share, else 1;
  /// 0 without one.
  Result<int> finish(const Parsed& given) const;

 private:
  struct Refusal {
    std::string name;
    Error error;
  };

  int status() const;

  std::uint64_t done_ = 0;
  std::vector<Refusal> refusals_;
};

}  // namespace cox::cmds
