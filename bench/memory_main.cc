// Memory of the controller per queued job, and how soon it answers and starts a job after a kill.
// Runs daemons of its own. usage: bench-memory BIN_DIR DIR [JOBS]
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/cluster_client.h"
#include "bench/measure.h"
#include "bench/submit_load.h"
#include "link/client_link.h"

namespace {

using namespace cox::bench;

/// A daemon that ends with us.
class Daemon {
 public:
  explicit Daemon(const std::vector<std::string>& argv) : pid_(::fork()) {
    if (pid_ < 0) give_up("no process");
    if (pid_ != 0) return;
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(words.front(), words.data());
    ::_exit(127);
  }

  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  ~Daemon() { end(SIGKILL); }

  void end(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  /// Resident bytes, as the kernel counts them now.
  double resident_bytes() const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) * 1024;
    }
    give_up("coxctld is gone");
  }

 private:
  pid_t pid_;
};

void wait_for_answer(const std::string& dir) {
  for (;;) {
    cox::platform::Address address;
    address.path = dir + "/ctld.sock";
    if (cox::link::ClientLink::connect(address, "", cox::seconds(10))) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ClusterClient(dir).status();
}

struct Programs {
  std::string bin, dir;

  std::vector<std::string> controller() const {
    return {bin + "/coxctld", "--dir",          dir, "--config", dir + "/bench.toml",
            "--log-file",     dir + "/ctld.log"};
  }

  std::vector<std::string> node() const {
    return {bin + "/coxnoded", "--dir", dir,          "--controller",       dir + "/ctld.sock",
            "--name",          "n1",    "--log-file", dir + "/noded-n1.log"};
  }
};

void write_configuration(const std::string& dir) {
  std::ofstream(dir + "/bench.toml") << "[cluster]\nname = \"bench\"\nauth = \"local\"\n";
}

/// `queued`: jobs that wait for the node, which comes back with the controller.
void measure_restart(const Programs& programs, std::uint64_t queued) {
  const double begin_ms = monotonic_ms();
  const Daemon controller(programs.controller());
  const Daemon node(programs.node());
  wait_for_answer(programs.dir);
  std::printf("first answer after a kill: %.2f s\n", (monotonic_ms() - begin_ms) / 1000);
  ClusterClient client(programs.dir);
  while (client.status().jobs_pending() == queued) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::printf("first start after a kill: %.2f s\n", (monotonic_ms() - begin_ms) / 1000);
  std::printf("resident after a restart: %.0f MiB\n", controller.resident_bytes() / (1 << 20));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) give_up("usage: bench-memory BIN_DIR DIR [JOBS]");
  const Programs programs{argv[1], argv[2]};
  const std::uint64_t jobs = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1'000'000;
  write_configuration(programs.dir);
  print_calibration();
  std::uint64_t queued = 0;
  {
    Daemon controller(programs.controller());
    wait_for_answer(programs.dir);
    SubmitLoad load(programs.dir, 16);
    load.run(1000, 16, false);
    const double before = controller.resident_bytes();
    const LoadResult result = load.run(jobs, 16, false);
    const double after = controller.resident_bytes();
    std::printf("%llu jobs queued at %.0f jobs/s\n", static_cast<unsigned long long>(jobs),
                static_cast<double>(jobs) / result.seconds);
    std::printf("controller memory: %.0f B per job (%.0f MiB before, %.0f MiB after)\n",
                (after - before) / static_cast<double>(jobs), before / (1 << 20),
                after / (1 << 20));
    queued = ClusterClient(programs.dir).status().jobs_pending();
    controller.end(SIGKILL);
  }
  measure_restart(programs, queued);
  return 0;
}
