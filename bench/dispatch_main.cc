// Idle cluster: from the start of a submit to the first instruction of the job's task, which notes
// the clock itself. Once by the command, once over an open connection.
// usage: bench-dispatch DIR COX TASK [N]     TASK: the program first_instruction
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "bench/cluster_client.h"
#include "bench/measure.h"

namespace cox::bench {
namespace {

double elapsed_ms(std::int64_t begin_ns, const std::string& file) {
  std::int64_t at = 0;
  if (!(std::ifstream(file) >> at) || at < begin_ns) give_up("the task left no time in " + file);
  std::remove(file.c_str());
  return static_cast<double>(at - begin_ns) / 1e6;
}

double by_command(ClusterClient* client,
                  const std::string& dir,
                  const std::string& cox,
                  const std::string& task,
                  const std::string& file) {
  std::string id;
  const std::int64_t begin = wall_ns();
  spawn_ms({cox, "submit", "--cluster", dir, "-o", "/dev/null", "--", task, file}, &id);
  client->wait_for(std::strtoull(id.c_str(), nullptr, 10));
  return elapsed_ms(begin, file);
}

double by_connection(ClusterClient* client, const std::string& task, const std::string& file) {
  const std::int64_t begin = wall_ns();
  client->wait_for(client->submit({task, file}));
  return elapsed_ms(begin, file);
}

}  // namespace
}  // namespace cox::bench

int main(int argc, char** argv) {
  using namespace cox::bench;
  if (argc < 4) give_up("usage: bench-dispatch DIR COX TASK [N]");
  const int count = argc > 4 ? std::atoi(argv[4]) : 200;
  char directory[] = "/tmp/bench-dispatch-XXXXXX";
  if (::mkdtemp(directory) == nullptr) give_up("no temporary directory");
  const std::string file = std::string(directory) + "/at";
  ClusterClient client(argv[1]);
  print_calibration();
  std::vector<double> command, connection;
  for (int i = 0; i < count; ++i) {
    command.push_back(by_command(&client, argv[1], argv[2], argv[3], file));
    connection.push_back(by_connection(&client, argv[3], file));
  }
  std::remove(directory);
  print_times("cox submit to first instruction", command);
  print_times("open connection to first instruction", connection);
  return 0;
}
