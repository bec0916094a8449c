// What became of an action on many jobs or nodes: refusals one line each, or one document of all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmds/client/parse.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

class ActionReport {
 public:
  void add_done(std::uint64_t count) { done_ += count; }

  /// A line on stderr. `name`: of what it is about, "" when the whole request was refused.
  void refuse(const std::string& name, const Error& error);
  /// The same, where what is said alike of several nodes is one line, with a list of them.
  void refuse_nodes(const wire::Done& done);
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

/// error: bad_usage unless an action and names of `what`, "nodes" say, are given
Result<void> check_action(const Parsed& given, const std::string& what);
/// error: bad_usage for an action on `what` that there is not, with the nearest of `known`
Failure no_action(const Parsed& given,
                  const std::string& what,
                  const std::vector<std::string>& known);
/// error: bad_usage where others would not learn why
Result<void> check_reason(const Parsed& given, bool is_needed);
/// Asks for an action on nodes or partitions, and tells what was refused.
Result<int> act_on_named(const Parsed& given, const wire::ClientRequest& request);

}  // namespace cox::cmds
