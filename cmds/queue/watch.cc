// Messages make the list; a screen follows when it is time.
#include "cmds/queue/watch.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace cox::cmds {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration for_ever = seconds(3600);  // then it is looked again whether all is well

Duration until(Clock::time_point when) {
  using std::chrono::microseconds;
  const auto left = std::chrono::duration_cast<microseconds>(when - Clock::now()).count();
  return Duration{std::max<std::int64_t>(left, 0)};
}

/// When screens are made.
class Pace {
 public:
  explicit Pace(const WatchTerms& terms) : terms_(terms) {}

  void changed() { is_due_ = true; }

  bool is_time() const {
    if (!has_shown_) return is_due_;
    const Duration wait = is_due_ ? terms_.pause : seconds(1);
    return (is_due_ || terms_.wants_clock) && until(after(wait)).us == 0;
  }

  Duration patience() const {
    if (!has_shown_) return for_ever;
    if (is_due_) return until(after(terms_.pause));
    return terms_.wants_clock ? until(after(seconds(1))) : for_ever;
  }

  void shown() {
    last_ = Clock::now();
    has_shown_ = true;
    is_due_ = false;
  }

 private:
  Clock::time_point after(Duration wait) const {
    return last_ + std::chrono::microseconds(wait.us);
  }

  WatchTerms terms_;
  Clock::time_point last_;  // once has_shown_
  bool has_shown_ = false;
  bool is_due_ = false;
};

}  // namespace

void WatchedQueue::take(const wire::JobList& news) {
  std::uint64_t last = 0;
  for (const wire::JobView& job : news.jobs()) {
    // A change brings all rows of its job, one behind the other.
    std::vector<wire::JobView>& rows = jobs_[job.job()];
    if (is_whole_ && job.job() != last) rows.clear();
    rows.push_back(job);
    last = job.job();
  }
  for (const std::uint64_t job : news.gone()) jobs_.erase(job);
  is_whole_ |= news.complete();
}

void WatchedQueue::clear() {
  jobs_.clear();
  is_whole_ = false;
}

bool WatchedQueue::is_over() const {
  return std::ranges::all_of(rows(), [](const wire::JobView* job) { return job->is_final(); });
}

JobRows WatchedQueue::rows() const {
  JobRows all;
  all.reserve(jobs_.size());
  for (const auto& [id, rows] : jobs_) {
    for (const wire::JobView& job : rows) all.push_back(&job);
  }
  return all;
}

Result<int> watch_queue(Session& session,
                        const wire::ClientRequest& request,
                        const WatchTerms& terms,
                        const WatchScreens& screens) {
  WatchedQueue queue;
  Pace pace(terms);
  Result<void> sent = session.send(request);
  while (true) {
    if (queue.is_whole() && pace.is_time()) {
      if (const auto shown = screens.show(queue.rows()); !shown) return Failure(shown.error());
      pace.shown();
      if (terms.ends_when_empty && queue.is_over()) return 0;
    }
    auto reply = sent ? session.next(pace.patience())
                      : Result<std::optional<wire::ClientReply>>(Failure(sent.error()));
    if (!reply && session.wait_to_retry()) {
      queue.clear();
      sent = session.send(request);
      continue;
    }
    if (!reply && reply.error().code == Code::unreachable) {
      if (const auto again = session.reconnect(reply.error()); !again) {
        return Failure(again.error());
      }
      queue.clear();
      sent = session.send(request);
      continue;
    }
    if (!reply) return Failure(reply.error());
    if (!*reply) continue;
    const bool was_whole = queue.is_whole();
    queue.take((*reply)->jobs());
    if (queue.is_whole()) pace.changed();
    if (!was_whole) continue;
    if (const auto told = screens.tell((*reply)->jobs()); !told) return Failure(told.error());
  }
}

}  // namespace cox::cmds
