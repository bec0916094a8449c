// Daemons are started with the arguments that `cox up` gives them.
#include "testsuite/daemons/cluster.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "common/text.h"
#include "platform/file.h"
#include "platform/namespace.h"
#include "wire/model_codec.h"

namespace cox::daemons {
namespace {

constexpr const char* path_variable = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
constexpr const char* cgroup_root = "/sys/fs/cgroup";
constexpr std::size_t file_bytes_max = 64U << 20;

/// A port that nobody has at this moment.
std::uint16_t free_port() {
  const platform::Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(fd.get(), any, length), 0);
  EXPECT_EQ(::getsockname(fd.get(), any, &length), 0);
  return ::ntohs(address.sin_port);
}

/// Beside the tests; or those of an installation, named by COX_TEST_BIN_DIR.
std::string program_directory() {
  const char* given = std::getenv("COX_TEST_BIN_DIR");
  return given == nullptr ? COX_BIN_DIR : given;
}

std::string make_directory() {
  std::string name = "/tmp/cox-daemons.XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  ::chmod(name.c_str(), 0755);
  const std::string work = name + "/work";
  ::mkdir(work.c_str(), 0777);
  ::chmod(work.c_str(), 01777);
  return name;
}

std::vector<std::string> names_in(const std::string& directory) {
  return platform::list_directory(directory).value_or(std::vector<std::string>{});
}

void add_below(const std::string& path, std::vector<std::string>* found) {
  struct stat what {};

  if (::lstat(path.c_str(), &what) != 0 || !S_ISDIR(what.st_mode)) return;
  found->push_back(path);
  for (const std::string& name : names_in(path)) {
    add_below(path + "/" + name, found);
  }
}

}  // namespace

std::string program(const std::string& name) {
  return program_directory() + "/" + name;
}

std::string example(const std::string& name) {
  return std::string(COX_EXAMPLES_DIR) + "/" + name;
}

Cluster::Cluster(ClusterOptions options)
    : options_(std::move(options)), dir_(make_directory()), bin_(program_directory()) {
  address_.path = dir_ + "/ctld.sock";
  if (options_.transport != Transport::unix_sockets) {
    address_ = platform::Address{"", "127.0.0.1", free_port()};
  }
  write_configuration();
  start_controller();
  nodes_.resize(options_.nodes);
  // One after the other, so that the first node of a gang is the first by name.
  for (std::uint32_t i = 0; i < options_.nodes; ++i) {
    start_node(i);
    EXPECT_TRUE(hears_nodes(i + 1)) << file("../noded-" + node_name(i) + ".log");
  }
}

Cluster::~Cluster() {
  if (!is_over_) clear();
}

void Cluster::write_configuration() const {
  std::string text = "[cluster]\nname = \"daemons\"\n";
  if (options_.transport == Transport::tcp_with_munge) text += "auth = \"munge\"\n";
  text += options_.cluster;
  if (!options_.state_dir.empty()) text += "state_dir = \"" + options_.state_dir + "\"\n";
  text += "[scheduling]\nkill_wait = \"" + options_.kill_wait + "\"\n" + options_.scheduling;
  EXPECT_TRUE(platform::write_file_atomic(dir_ + "/cox.toml", text));
}

namespace {

/// The program as it is started in another network namespace.
void enter(const std::string& file, platform::SpawnRequest* request) {
  request->argv.front() = request->program;
  request->argv.insert(request->argv.begin(), {"nsenter", "--net=" + file});
  request->program = "/usr/bin/nsenter";
}

}  // namespace

platform::SpawnRequest Cluster::daemon(const std::string& program) const {
  platform::SpawnRequest request;
  request.program = bin_ + "/" + program;
  request.environment = options_.daemon_environment;
  request.environment.emplace_back(path_variable);
  request.directory = "/";
  request.argv = {program, "--dir", dir_};
  return request;
}

void Cluster::spawn_controller() {
  platform::SpawnRequest request = daemon("coxctld");
  std::ranges::copy(options_.controller_environment, std::back_inserter(request.environment));
  request.argv.insert(request.argv.end(), {"--config", dir_ + "/cox.toml", "--log-file",
                                           dir_ + "/ctld.log", "--foreground"});
  if (!address_.is_unix()) {
    request.argv.insert(request.argv.end(), {"--listen", address_.text()});
  }
  if (options_.controller_descriptors != 0) {
    const std::string limit = "ulimit -n " + std::to_string(options_.controller_descriptors);
    request.argv.insert(request.argv.begin() + 1, request.program);
    request.argv.front() = "sh";
    request.argv.insert(request.argv.begin() + 1, {"-c", limit + "; exec \"$@\"", "sh"});
    request.program = "/bin/sh";
  }
  if (options_.network != nullptr) {
    request.argv.insert(request.argv.end(), {"--listen", "0.0.0.0:7817"});
    enter(options_.network->controller_file(), &request);
  }
  controller_ = Child(request);
}

void Cluster::start_controller() {
  spawn_controller();
  // A new one each time: over TCP it needs the key that a first start makes.
  EXPECT_TRUE(eventually([&] { return client().status().pid() > 0; })) << file("../ctld.log");
}

std::string Cluster::node_name(std::uint32_t index) {
  return "n" + std::to_string(index + 1);
}

platform::SpawnRequest Cluster::node_daemon(std::uint32_t index) const {
  platform::SpawnRequest request = daemon("coxnoded");
  const std::string name = node_name(index);
  const std::string count = std::to_string(options_.nodes);
  request.argv.insert(request.argv.end(), {"--controller", address_.text(), "--name", name,
                                           "--log-file", dir_ + "/noded-" + name + ".log"});
  if (options_.topology.empty()) {
    request.argv.insert(request.argv.end(), {"--memory-fraction", count});
  } else {
    request.argv.insert(request.argv.end(), {"--topology", options_.topology});
  }
  if (options_.emulated) {
    request.argv.insert(request.argv.end(), {"--emulate", std::to_string(index) + ":" + count});
  }
  if (!address_.is_unix()) request.argv.insert(request.argv.end(), {"--address", "127.0.0.1"});
  if (const auto boot = boot_ids_.find(index); boot != boot_ids_.end()) {
    request.argv.insert(request.argv.end(), {"--boot-id", boot->second});
  }
  if (options_.network != nullptr) {
    std::ranges::replace(request.argv, address_.text(),
                         CutNetwork::controller_address(index) + ":7817");
    request.argv.insert(request.argv.end(), {"--address", CutNetwork::node_address(index)});
    enter(options_.network->node_file(index), &request);
  }
  return request;
}

void Cluster::start_node(std::uint32_t index) {
  nodes_.at(index) = Child(node_daemon(index));
}

Child Cluster::spawn_twin(std::uint32_t index) const {
  const std::string twin = dir_ + "/twin";
  ::mkdir(twin.c_str(), 0755);
  write("../twin/boot_id", "00000000-0000-4000-8000-000000000000\n");
  platform::SpawnRequest request = node_daemon(index);
  const std::string program = request.program;
  const std::vector<std::string> front = {
      "unshare",
      "-m",
      "/bin/sh",
      "-c",
      "mount --bind " + twin + "/boot_id /proc/sys/kernel/random/boot_id && exec \"$@\"",
      "sh",
      program};
  request.program = "/usr/bin/unshare";
  request.argv.erase(request.argv.begin());
  request.argv.insert(request.argv.begin(), front.begin(), front.end());
  request.argv.insert(request.argv.end(), {"--dir", twin, "--log-file", twin + "/log"});
  return Child(request);
}

void Cluster::start_nodes() {
  for (std::uint32_t i = 0; i < options_.nodes; ++i) start_node(i);
}

void Cluster::kill_controller() {
  EXPECT_EQ(controller_.end(SIGKILL), 128 + SIGKILL);
}

void Cluster::kill_node(std::uint32_t index) {
  EXPECT_EQ(nodes_.at(index).end(SIGKILL), 128 + SIGKILL);
}

void Cluster::kill_nodes() {
  for (std::uint32_t i = 0; i < options_.nodes; ++i) kill_node(i);
}

std::vector<int> Cluster::supervisors() const {
  std::vector<int> found = processes_called("coxstepd", dir_);
  const std::vector<int> others = guards();
  std::erase_if(found, [&others](int pid) { return std::ranges::count(others, pid) != 0; });
  return found;
}

std::vector<int> Cluster::guards() const {
  return processes_called("coxstepd", "guard of " + dir_);
}

void Cluster::kill_supervisors() {
  for (const int pid : supervisors()) ::kill(pid, SIGKILL);
}

bool Cluster::hears_all_nodes() {
  return hears_nodes(options_.nodes);
}

bool Cluster::hears_nodes(std::uint32_t count) {
  Client asker = client();
  return eventually([&] {
    const auto nodes = asker.nodes();
    const auto heard = std::count_if(nodes.begin(), nodes.end(), [](const wire::NodeView& node) {
      return node.state() != "silent" && node.state() != "lost";
    });
    return heard >= static_cast<std::ptrdiff_t>(count);
  });
}

bool Cluster::is_quiet() const {
  return leftovers().empty();
}

std::string Cluster::leftovers() const {
  std::string text;
  for (std::uint32_t i = 0; i < options_.nodes; ++i) {
    for (const char* kind : {"/attempts-", "/steps-", "/tmp-"}) {
      const std::string directory = kind + node_name(i);
      const auto names = platform::list_directory(dir_ + directory);
      if (!names) continue;
      for (const std::string& name : *names) text += directory + "/" + name + "\n";
    }
  }
  for (const int pid : supervisors()) text += "supervisor " + std::to_string(pid) + "\n";
  for (const int pid : guards()) text += "guard " + std::to_string(pid) + "\n";
  return text;
}

std::string Cluster::file(const std::string& name) const {
  return platform::read_file(work() + "/" + name, file_bytes_max).value_or("");
}

bool Cluster::shows(const std::string& name, const std::string& text) const {
  const bool shown = eventually([&] { return file(name).find(text) != std::string::npos; });
  EXPECT_TRUE(shown) << name << " has no " << cox::quoted(text) << " but: " << file(name);
  return shown;
}

void Cluster::write(const std::string& name, const std::string& text) const {
  EXPECT_TRUE(platform::write_file_atomic(work() + "/" + name, text));
}

Job Cluster::job(const std::string& script) const {
  return Job(script, work()).environment(path_variable + (":" + bin_));
}

Client Cluster::client() const {
  std::string key;
  if (options_.transport == Transport::tcp_with_key)
    key = platform::read_file(dir_ + "/cluster.key", 32).value_or("");
  return Client(address_, key);
}

platform::SpawnRequest Cluster::shell_request(const std::string& command, std::uint32_t uid) const {
  platform::SpawnRequest request;
  request.program = "/bin/sh";
  request.argv = {"sh", "-c", command};
  request.environment = {path_variable + (":" + bin_), "COX_CLUSTER=" + address_.text(),
                         "COX_KEY_FILE=" + dir_ + "/cluster.key"};
  request.directory = work();
  if (uid == 0) return request;
  const std::string id = std::to_string(uid);
  request.program = "/usr/bin/setpriv";
  request.argv = {"setpriv",        "--reuid", id,   "--regid", id,
                  "--clear-groups", "/bin/sh", "-c", command};
  return request;
}

Ran Cluster::shell(const std::string& command, std::uint32_t uid) const {
  return run_program(shell_request(command, uid));
}

std::vector<std::string> Cluster::cgroups() const {
  const Hash hash = wire::hash_bytes(dir_);
  const std::string own =
      "coxswain/coxswain-" + to_hex({reinterpret_cast<const char*>(hash.bytes.data()), 4});
  std::vector<std::string> found;
  add_below(std::string(cgroup_root) + "/" + own, &found);
  for (const std::string& mount : names_in(cgroup_root)) {
    add_below(std::string(cgroup_root) + "/" + mount + "/" + own, &found);
  }
  return found;
}

std::string Cluster::containment() {
  Client asker = client();
  const auto nodes = asker.nodes();
  return nodes.empty() ? "" : nodes.front().containment();
}

void Cluster::expect_no_process() const {
  EXPECT_TRUE(eventually([&] { return processes_naming(dir_).empty(); })) << [&] {
    std::string text;
    for (const int pid : processes_naming(dir_)) {
      text += std::to_string(pid) + " " +
              platform::read_file("/proc/" + std::to_string(pid) + "/cmdline", 4096).value_or("");
    }
    return text;
  }();
}

void Cluster::expect_nothing_left() {
  EXPECT_TRUE(eventually([&] { return is_quiet(); })) << leftovers() << file("../noded-n1.log");
  wire::ClientRequest request;
  request.mutable_shutdown();
  Client last = client();
  const auto answer = last.ask_surely(request);
  EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
  EXPECT_EQ(controller_.wait(), 0);
  for (Child& node : nodes_) EXPECT_EQ(node.end(SIGTERM), 0);
  expect_no_process();
  EXPECT_EQ(cgroups(), std::vector<std::string>{});
  const auto cleared = platform::cleanup_emulated_network(dir_);
  EXPECT_TRUE(cleared) << (cleared ? "" : cleared.error().message);
  clear();
}

/// By force, for what a failed test left; harmless when nothing is.
void Cluster::clear() {
  is_over_ = true;
  controller_ = Child();
  nodes_.clear();
  eventually([&] {
    const auto left = processes_naming(dir_);
    for (const int pid : left) ::kill(pid, SIGKILL);
    return left.empty();
  });
  eventually([&] {
    auto groups = cgroups();
    std::sort(groups.rbegin(), groups.rend());
    for (const std::string& group : groups) ::rmdir(group.c_str());
    return cgroups().empty();
  });
  static_cast<void>(platform::cleanup_emulated_network(dir_));
  EXPECT_TRUE(platform::remove_tree(dir_));
}

std::size_t count_lines(const std::string& text, const std::string& line) {
  return static_cast<std::size_t>(std::ranges::count(split(text, '\n'), line));
}

}  // namespace cox::daemons
