// Which jobs `cox queue` shows of those that the controller has.
#pragma once

#include <string>
#include <vector>

#include "cmds/client/parse.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// What --state, --partition, --reason and --name say; each is a list of which one must hold.
class JobFilter {
 public:
  /// error: bad_usage names a state or reason that is none
  static Result<JobFilter> make(const Parsed& given);

  bool keeps(const wire::JobView& job) const;

 private:
  using Words = std::vector<std::string>;

  Words states_, partitions_, reasons_, names_;
};

}  // namespace cox::cmds
