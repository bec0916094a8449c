// See turn_switch.h. Whoever has the turn is suspended, so that nobody of its row wants it: the
// other row's turn is decided in the same turn of the controller. Then it is resumed, and waits in
// turn.
#include "bench/turn_switch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "bench/cluster_client.h"
#include "bench/measure.h"

namespace cox::bench {
namespace {

constexpr std::size_t place_bytes = 64;  // as turn_ticker.c has it
constexpr double patience_ms = 30'000;

void look_again() {
  const timespec pause{0, 50'000};
  ::nanosleep(&pause, nullptr);
}

/// What the tasks of both gangs write.
class Ticks {
 public:
  Ticks(std::string path, int places) : path_(std::move(path)) {
    size_ = place_bytes * static_cast<std::size_t>(places);
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(size_)) != 0) give_up("cannot make " + path_);
    void* made = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    if (made == MAP_FAILED) give_up("cannot map " + path_);
    bytes_ = static_cast<const char*>(made);
  }

  Ticks(const Ticks&) = delete;
  Ticks& operator=(const Ticks&) = delete;

  ~Ticks() {
    ::munmap(const_cast<char*>(bytes_), size_);
    ::unlink(path_.c_str());
  }

  const std::string& path() const { return path_; }

  std::int64_t at(int place) const {
    const char* bytes = bytes_ + place_bytes * static_cast<std::size_t>(place);
    return *reinterpret_cast<const volatile std::int64_t*>(bytes);
  }

  /// The first ticks after `from` of places `begin` to `end`: the last of them, in ns.
  std::int64_t all_after(std::int64_t from, int begin, int end) const {
    std::vector<std::int64_t> first(static_cast<std::size_t>(end - begin), 0);
    const double until = monotonic_ms() + patience_ms;
    while (std::ranges::count(first, 0) != 0) {
      if (monotonic_ms() > until) give_up("a gang that has its turn does not run on all nodes");
      for (int place = begin; place < end; ++place) {
        std::int64_t& seen = first[static_cast<std::size_t>(place - begin)];
        const std::int64_t tick = at(place);
        if (seen == 0 && tick > from) seen = tick;
      }
      look_again();
    }
    return *std::ranges::max_element(first);
  }

  std::int64_t latest(int begin, int end) const {
    std::int64_t tick = 0;
    for (int place = begin; place < end; ++place) tick = std::max(tick, at(place));
    return tick;
  }

 private:
  std::string path_;
  std::size_t size_ = 0;
  const char* bytes_ = nullptr;
};

struct Gang {
  std::uint64_t job = 0;
  int begin = 0, end = 0;  // places of its tasks
};

Gang start_gang(const std::string& dir,
                const std::string& cox,
                const std::string& program,
                const std::string& ticks,
                int begin,
                int tasks) {
  const std::string count = std::to_string(tasks);
  std::string said;
  spawn_ms({cox, "submit", "--cluster", dir, "-N", count, "-n", count, "-o", "/dev/null", "--", cox,
            "run", "--mpi", "none", program, ticks, std::to_string(begin)},
           &said);
  Gang gang{std::stoull(said), begin, begin + tasks};
  return gang;
}

void act(ClusterClient& client, std::uint64_t job, wire::JobAction::Kind kind) {
  wire::ClientRequest request;
  request.mutable_job_action()->set_kind(kind);
  request.mutable_job_action()->add_jobs(job);
  client.ask(std::move(request));
}

/// When the present turn began, in ns.
std::int64_t turn_since(ClusterClient& client) {
  wire::ClientRequest request;
  request.mutable_list_partitions();
  const wire::ClientReply reply = client.ask(std::move(request));
  for (const wire::PartitionView& partition : reply.partitions().partitions()) {
    if (partition.turn() != 0) return partition.turn_since_us() * 1000;
  }
  give_up("no partition has rows");
}

double ms(std::int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

}  // namespace

SwitchTimes time_switches(const std::string& dir,
                          const std::string& cox,
                          const std::string& programs,
                          int tasks,
                          int switches) {
  const Ticks ticks(dir + "/ticks", 2 * tasks);
  ClusterClient client(dir);
  const std::string program = programs + "/turn-ticker";
  Gang runs = start_gang(dir, cox, program, ticks.path(), 0, tasks);
  ticks.all_after(0, runs.begin, runs.end);
  Gang stands = start_gang(dir, cox, program, ticks.path(), tasks, tasks);
  ticks.all_after(0, stands.begin, stands.end);  // it came last, and has the first turn of its own
  std::swap(runs, stands);
  SwitchTimes times;
  for (int i = 0; i < switches; ++i) {
    const std::int64_t asked = wall_ns();
    act(client, runs.job, wire::JobAction::SUSPEND);
    const std::int64_t last = ticks.all_after(asked, stands.begin, stands.end);
    const std::int64_t decided = turn_since(client);
    times.decided.push_back(ms(decided - asked));
    times.last_runs.push_back(ms(last - decided));
    times.last_ran.push_back(ms(ticks.latest(runs.begin, runs.end) - decided));
    act(client, runs.job, wire::JobAction::RESUME);
    std::swap(runs, stands);
  }
  for (const Gang& gang : {runs, stands}) act(client, gang.job, wire::JobAction::CANCEL);
  for (const Gang& gang : {runs, stands}) client.wait_for(gang.job);
  return times;
}

}  // namespace cox::bench
