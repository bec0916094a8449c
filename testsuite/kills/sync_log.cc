// A write lasts once a sync that began after it has ended; the log's order is the order of events.
#include "testsuite/kills/sync_log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cox::kills {
namespace {

constexpr std::size_t sync_complaints_max = 20;

}  // namespace

std::string marked_name(std::uint64_t marker) {
  const std::string digits = std::to_string(marker);
  return PROBE_MARKER + std::string(PROBE_MARKER_DIGITS - digits.size(), '0') + digits;
}

void SyncJudge::take(const probe_event& event) {
  switch (event.kind) {
    case PROBE_START:
      ++processes_;
      asked_.clear();
      dirty_.merge(in_sync_);  // that sync is not known to have ended
      in_sync_.clear();
      break;
    case PROBE_REQUEST:
      asked_[event.fd] = event.number;
      was_synced_[event.fd] = synced_.contains(event.number);
      break;
    case PROBE_WRITE:
      dirty_.insert(event.number);
      break;
    case PROBE_SYNC_BEGIN:
      in_sync_ = std::exchange(dirty_, {});
      break;
    case PROBE_SYNC_END:
      ++syncs_;
      synced_.merge(in_sync_);
      in_sync_.clear();
      break;
    case PROBE_REPLY:
      reply(event.fd, event.number);
      break;
    case PROBE_NAMED:
      ++named_;
      if (!synced_.contains(event.number)) {
        ++early_;
        complain(marked_name(event.number) + ": named to descriptor " + std::to_string(event.fd) +
                 " before it was synced");
      }
      break;
    default:
      break;
  }
}

void SyncJudge::reply(int fd, std::uint64_t job) {
  const auto asked = asked_.find(fd);
  if (asked == asked_.end())
    return complain("job " + std::to_string(job) + ": nobody asked for it");
  const std::uint64_t marker = asked->second;
  asked_.erase(asked);
  ++replies_;
  if (replied_.insert(marker).second && was_synced_[fd]) ++answered_late_;
  if (!synced_.contains(marker)) {
    ++early_;
    complain(marked_name(marker) + ": job " + std::to_string(job) +
             " was acknowledged before its sync");
  }
  const auto [given, is_new] = given_.emplace(job, marker);
  if (!is_new && given->second != marker) {
    complain("job " + std::to_string(job) + ": given to " + marked_name(given->second) + " and " +
             marked_name(marker));
  }
}

void SyncJudge::lost(std::uint64_t events) {
  complain(std::to_string(events) + " events found no room in the log");
}

void SyncJudge::complain(const std::string& text) {
  if (complaints_.size() < sync_complaints_max) complaints_.push_back(text);
}

SyncLog::SyncLog(std::string path, std::size_t room)
    : path_(std::move(path)), bytes_(sizeof(probe_log) + room * sizeof(probe_event)) {
  const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return;
  if (::ftruncate(fd, static_cast<off_t>(bytes_)) == 0) {
    void* mapped = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED) log_ = static_cast<probe_log*>(mapped);
  }
  ::close(fd);
  if (log_ != nullptr) log_->room = room;
}

SyncLog::~SyncLog() {
  if (log_ != nullptr) ::munmap(log_, bytes_);
  ::unlink(path_.c_str());
}

std::vector<std::string> SyncLog::environment(const std::string& plant) const {
  std::vector<std::string> made = {std::string("LD_PRELOAD=") + COX_SYNC_PROBE,
                                   "COX_PROBE_LOG=" + path_};
  if (!plant.empty()) made.push_back("COX_PROBE_PLANT=" + plant);
  return made;
}

SyncJudge SyncLog::judge() const {
  SyncJudge judge;
  const std::uint64_t taken = __atomic_load_n(&log_->taken, __ATOMIC_SEQ_CST);
  const probe_event* events = probe_events(log_);
  for (std::uint64_t i = 0; i < std::min(taken, log_->room); ++i) judge.take(events[i]);
  if (taken > log_->room) judge.lost(taken - log_->room);
  return judge;
}

}  // namespace cox::kills
