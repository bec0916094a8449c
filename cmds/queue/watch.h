// `cox queue --watch`: the controller sends what changes; nothing is asked again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "cmds/client/session.h"
#include "common/result.h"
#include "model/time.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// The list as the controller's messages make it.
class WatchedQueue {
 public:
  void take(const wire::JobList& news);
  void clear();

  /// From now on messages are changes.
  bool is_whole() const { return is_whole_; }

  /// Nothing on it can change any more.
  bool is_over() const;

  wire::JobList list() const;

 private:
  std::map<std::uint64_t, wire::JobView> jobs_;
  bool is_whole_ = false;
};

struct WatchTerms {
  Duration pause;                // at least so long between two screens
  bool wants_clock = false;      // times of running jobs go on: a screen each second
  bool ends_when_empty = false;  // jobs were named, and none is left
};

struct WatchScreens {
  /// The whole list, once it is there and after changes.
  std::function<Result<void>(const wire::JobList& list)> show;
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
