// Launches over the nodes of a cluster, beside mpirun on this host and, where a Slurm cluster runs,
// its srun; rounds alternate between them. A row is KIND:NODESxTASKS[:MORE]:
//   run:16x8        a task that ends at once: wall of the whole command, then the parts of it
//   init:16x1       until MPI_Init is over in rank 0; a start counts as good when all ranks met
//   output:16x4:10  so many MB from each task with labels: MB/s at the client, every line checked
//   switch:16x1:50  so many changes of the turn between two gangs: from the decision until the last
//                   node of the one that goes on has run
// usage: bench-launch DIR COX PROGRAMS ROUNDS ROW...     PROGRAMS: directory of this bench's own
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "bench/label_check.h"
#include "bench/launch_client.h"
#include "bench/measure.h"
#include "bench/turn_switch.h"

namespace cox::bench {
namespace {

struct Row {
  std::string kind;
  int nodes = 1, tasks = 1;  // tasks of each node
  int more = 1;

  int all() const { return nodes * tasks; }
};

Row read_row(const std::string& text) {
  Row row;
  std::array<char, 16> kind{};
  if (std::sscanf(text.c_str(), "%15[a-z]:%dx%d:%d", kind.data(), &row.nodes, &row.tasks,
                  &row.more) < 3) {
    give_up("row " + text + ": KIND:NODESxTASKS is expected");
  }
  row.kind = kind.data();
  return row;
}

std::string shape(const Row& row) {
  return std::to_string(row.nodes) + " x " + std::to_string(row.tasks);
}

class Launches {
 public:
  Launches(std::string dir, std::string cox, std::string programs, int rounds)
      : dir_(std::move(dir)),
        cox_(std::move(cox)),
        programs_(std::move(programs)),
        rounds_(rounds) {
    has_mpirun_ = std::system("command -v mpirun >/dev/null 2>&1") == 0;
    has_srun_ = std::system("timeout 5 srun -N1 true >/dev/null 2>&1") == 0;
    if (!has_srun_) std::printf("no Slurm cluster answers here: srun is left out\n");
  }

  void run(const Row& row) const;
  void init(const Row& row) const;
  void output(const Row& row) const;
  void switch_turns(const Row& row) const;

 private:
  std::vector<std::string> places(const Row& row) const {
    return {"-N",
            std::to_string(row.nodes),
            "-n",
            std::to_string(row.all()),
            "--ntasks-per-node",
            std::to_string(row.tasks)};
  }

  std::vector<std::string> cox_run(const Row& row, std::vector<std::string> rest) const {
    std::vector<std::string> words = {cox_, "run", "--cluster", dir_};
    for (std::string& word : places(row)) words.push_back(std::move(word));
    for (std::string& word : rest) words.push_back(std::move(word));
    return words;
  }

  std::vector<std::string> mpirun(const Row& row, const std::string& program) const {
    return {"mpirun", "--allow-run-as-root",     "--oversubscribe",
            "-np",    std::to_string(row.all()), program};
  }

  std::string dir_, cox_, programs_;
  int rounds_;
  bool has_mpirun_ = false, has_srun_ = false;
};

void Launches::run(const Row& row) const {
  std::vector<double> ours, theirs, slurms, parts[5];
  double cpu = 0;
  for (int i = 0; i < rounds_; ++i) {
    ours.push_back(spawn_ms(cox_run(row, {"/bin/true"})));
    if (has_mpirun_) theirs.push_back(spawn_ms(mpirun(row, "/bin/true")));
    if (has_srun_) {
      std::vector<std::string> words = {"srun"};
      for (std::string& word : places(row)) words.push_back(std::move(word));
      words.push_back("/bin/true");
      slurms.push_back(spawn_ms(words));
    }
    std::vector<std::string> words = places(row);
    // A static program does not say that it is without MPI.
    words.insert(words.end(), {"--mpi", "none", programs_ + "/first-instruction", "-"});
    const double before = controller_cpu_ms(dir_);
    const LaunchTimes times = time_launch(dir_, words);
    cpu += controller_cpu_ms(dir_) - before;
    const double all[] = {times.prepared, times.first, times.last, times.exited, times.ended};
    for (int part = 0; part < 5; ++part) parts[part].push_back(all[part]);
  }
  print_times("run " + shape(row) + ", cox run", ours);
  if (has_mpirun_) print_times("run " + shape(row) + ", mpirun on this host", theirs);
  if (has_srun_) print_times("run " + shape(row) + ", srun", slurms);
  std::printf(
      "  parts, medians: released %.1f, first task %.1f, last task %.1f, result %.1f, "
      "job ended %.1f ms; controller %.1f ms of CPU\n",
      percentile(parts[0], 50), percentile(parts[1], 50), percentile(parts[2], 50),
      percentile(parts[3], 50), percentile(parts[4], 50), cpu / rounds_);
}

/// -1 where the ranks did not find each other.
double init_ms(const std::vector<std::string>& words, int ranks) {
  std::string said;
  const std::int64_t begin = wall_ns();
  spawn_ms(words, &said);
  int size = 0;
  long long at = 0;
  const bool is_good = std::sscanf(said.c_str(), "%d %lld", &size, &at) == 2 && size == ranks;
  return is_good ? static_cast<double>(at - begin) / 1e6 : -1;
}

void Launches::init(const Row& row) const {
  const std::string program = programs_ + "/init-time";
  if (::access(program.c_str(), X_OK) != 0) {
    std::printf("init %s: left out, no MPI compiler was there\n", shape(row).c_str());
    return;
  }
  std::vector<double> ours, theirs;
  int good = 0;
  for (int i = 0; i < rounds_; ++i) {
    ours.push_back(init_ms(cox_run(row, {program}), row.all()));
    good += ours.back() >= 0 ? 1 : 0;
    if (has_mpirun_) theirs.push_back(init_ms(mpirun(row, program), row.all()));
  }
  std::printf("init %s: %d of %d starts good\n", shape(row).c_str(), good, rounds_);
  print_times("init " + shape(row) + ", cox run", ours);
  if (has_mpirun_) print_times("init " + shape(row) + ", mpirun on this host", theirs);
}

void Launches::output(const Row& row) const {
  std::vector<double> rates;
  for (int i = 0; i < rounds_; ++i) {
    const double begin = monotonic_ms();
    LabelCheck check(static_cast<std::uint32_t>(row.all()),
                     static_cast<std::uint32_t>(row.more) * 1000);
    const std::string why = check.read_all(
        cox_run(row, {"--label-output", programs_ + "/line-writer", std::to_string(row.more)}));
    if (!why.empty()) give_up("output " + shape(row) + ": " + why);
    rates.push_back(static_cast<double>(check.bytes()) / 1e3 / (monotonic_ms() - begin));
  }
  std::printf(
      "output %s x %d MB, with labels: median %.0f MB/s, best %.0f, worst %.0f, n %d; every "
      "line whole and in order\n",
      shape(row).c_str(), row.more, percentile(rates, 50), percentile(rates, 100),
      percentile(rates, 0), rounds_);
}

void Launches::switch_turns(const Row& row) const {
  const SwitchTimes times = time_switches(dir_, cox_, programs_, row.all(), row.more);
  print_times("switch " + shape(row) + ", decision to last node running", times.last_runs);
  std::printf(
      "  parts, medians: request to decision %.1f, decision to last tick of the gang before %.1f "
      "ms\n",
      percentile(times.decided, 50), percentile(times.last_ran, 50));
}

}  // namespace
}  // namespace cox::bench

int main(int argc, char** argv) {
  using namespace cox::bench;
  if (argc < 6) give_up("usage: bench-launch DIR COX PROGRAMS ROUNDS ROW...");
  print_calibration();
  const Launches launches(argv[1], argv[2], argv[3], std::atoi(argv[4]));
  for (int i = 5; i < argc; ++i) {
    const Row row = read_row(argv[i]);
    if (row.kind == "run") {
      launches.run(row);
    } else if (row.kind == "init") {
      launches.init(row);
    } else if (row.kind == "output") {
      launches.output(row);
    } else if (row.kind == "switch") {
      launches.switch_turns(row);
    } else {
      give_up("row " + std::string(argv[i]) + ": run, init, output or switch");
    }
    std::fflush(stdout);
  }
  return 0;
}
