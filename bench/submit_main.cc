// Wall time of `cox submit` of a small script, acknowledged when it is on disk, beside /bin/true.
// In turns with it sbatch, where its folder is given. Then of arrays of 10,000 and of 1,000,000
// elements. Jobs are held, so that nothing else runs. usage: bench-submit DIR COX [N [SLURM_DIR]]
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "bench/cluster_client.h"
#include "bench/measure.h"

int main(int argc, char** argv) {
  using namespace cox::bench;
  if (argc < 3) give_up("usage: bench-submit DIR COX [N [SLURM_DIR]]");
  const std::string dir = argv[1], cox = argv[2];
  const int count = argc > 3 ? std::atoi(argv[3]) : 500;
  char script[] = "/tmp/bench-submit-XXXXXX";
  if (::mkstemp(script) < 0) give_up("no temporary file");
  std::ofstream(script) << "#!/bin/sh\n#COX --time 5\n/bin/true\n";
  print_calibration();
  const std::vector<std::string> command{cox,  "submit", "--cluster", dir,
                                         "-H", "-o",     "/dev/null", script};
  std::vector<std::string> slurm;
  if (argc > 4) slurm = {std::string(argv[4]) + "/sbatch", "-H", "-o", "/dev/null", script};
  ::setenv("COX_CLUSTER", dir.c_str(), 1);
  std::vector<double> ours, floor, theirs;
  for (int i = 0; i < count; ++i) {
    floor.push_back(spawn_ms({"/bin/true"}));
    ours.push_back(spawn_ms(command));
    if (!slurm.empty()) theirs.push_back(spawn_ms(slurm));
  }
  const auto of_array = [&](const std::string& elements) {
    std::vector<std::string> with_array = command;
    with_array.insert(with_array.begin() + 2, {"--array", elements});
    std::vector<double> samples;
    for (int i = 0; i < count; ++i) samples.push_back(spawn_ms(with_array));
    return samples;
  };
  const std::vector<double> small = of_array("0-9999"), large = of_array("0-999999");
  std::remove(script);
  ClusterClient(dir).cancel_all();
  print_times("/bin/true", floor);
  print_times("cox submit, durable", ours);
  if (!theirs.empty()) {
    print_times("sbatch, durable", theirs);
    std::printf("sbatch over cox submit, medians: %+.3f ms\n",
                percentile(theirs, 50) - percentile(ours, 50));
  }
  print_times("cox submit of an array of 10,000, durable", small);
  print_times("cox submit of an array of 1,000,000, durable", large);
  std::printf("ratio of medians: %.2f\n", percentile(ours, 50) / percentile(floor, 50));
  return 0;
}
