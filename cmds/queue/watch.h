// `cox queue --watch`: the controller sends what changes; nothing is asked again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "cmds/client/session.h"
#include "common/result.h"
#include "model/time.h"
#include "wire/client.pb.h"

namespace cox::cmds {

using JobRows = std::vector<const wire::JobView*>;

/// The list as the controller's messages make it.
class WatchedQueue {
 public:
  void take(const wire::JobList& news);
  void clear();

  /// From now on messages are changes.
  bool is_whole() const { return is_whole_; }

  /// Nothing on it can change any more.
  bool is_over() const;

  /// By id.
  JobRows rows() const;

 private:
  // With ended ones an array may have two rows: elements that ended without jobs, and the rest.
  std::map<std::uint64_t, std::vector<wire::JobView>> jobs_;
  bool is_whole_ = false;
};

struct WatchTerms {
  Duration pause;                // at least so long between two screens
  bool wants_clock = false;      // times of running jobs go on: a screen each second
  bool ends_when_empty = false;  // jobs were named, and none is left
};

struct WatchScreens {
  /// The whole list, once it is there and after changes.
  std::function<Result<void>(const JobRows& rows)> show;
  /// Each change as it comes.
  std::function<Result<void>(const wire::JobList& news)> tell;
};

/// Goes on until a screen fails, or nothing is left to be watched. A controller that is started
/// anew is waited for.
Result<int> watch_queue(Session& session,
                        const wire::ClientRequest& request,
                        const WatchTerms& terms,
                        const WatchScreens& screens);

}  // namespace cox::cmds
