// Which jobs `cox queue` shows of those that the controller has.
#pragma once

#include <string>
#include <vector>

#include "cmds/client/parse.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// What --state, --partition, --reason, --name, --account, --qos and --nodelist say; each is a list
/// of which one must hold.
class JobFilter {
 public:
  /// error: bad_usage names a state or reason that is none
  static Result<JobFilter> make(const Parsed& given);

  bool keeps(const wire::JobView& job) const;

  /// It looks at what only a full view has, or no brief one.
  bool needs_full() const { return !qos_.empty(); }

  bool needs_usual() const { return !accounts_.empty(); }

 private:
  using Words = std::vector<std::string>;

  bool is_on_nodes(const wire::JobView& job) const;

  Words states_, partitions_, reasons_, names_, accounts_, qos_, nodes_;
};

}  // namespace cox::cmds
