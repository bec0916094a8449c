// A real wire-up on each class of nodes: a job of tasks that do what an MPI program does first.
#include "cmds/doctor/wire_up.h"

#include <algorithm>
#include <map>
#include <set>

#include "cmds/client/find_daemon.h"
#include "common/node_list.h"
#include "common/text.h"
#include "platform/helper_program.h"
#include "platform/process.h"

namespace cox::cmds {
namespace {

constexpr std::uint32_t cores_needed = 2;
constexpr const char* patience_s = "60";
constexpr int timed_out = 124;  // of timeout(1)
constexpr int not_found = 127;

std::string title_of(const ProbedClass& probed) {
  return "class " + probed.name.substr(0, 8) + " (" + fold_node_list(probed.nodes) + ")";
}

bool has_room(const wire::NodeView& node) {
  return (node.state() == "idle" || node.state() == "mixed") &&
         node.cores() >= node.cores_used() + cores_needed;
}

std::string its_word(const std::string& text) {
  const std::string line(trim(text.substr(0, text.find('\n'))));
  return line.empty() ? "no word of it" : line;
}

std::string mend_of(const std::string& why) {
  if (why.find("is not set in the environment") != std::string::npos) {
    return "nothing that starts the task may take it away: a prolog, or a wrapper of the site";
  }
  if (why.find("the server has") != std::string::npos) {
    return "let programs load the libpmix that libcoxpmix.so is built with; see LD_LIBRARY_PATH";
  }
  if (why.find("libpmix") != std::string::npos) return "install libpmix2 on the nodes";
  return "see the log of the node's daemon";
}

/// Ranks that were wired up, each with what it said.
struct Said {
  std::set<std::uint64_t> ranks, sizes;
  std::set<std::string> what;
  std::string broken;  // the first that was not
};

Said read_lines(const std::string& output) {
  Said said;
  for (const std::string_view line : split(output, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() > 2 && words[0] == "broken" && said.broken.empty()) {
      said.broken = "rank " + std::string(line.substr(words[0].size() + 1));
    }
    if (words.size() < 4 || words[0] != "wired") continue;
    const auto rank = parse_u64(words[1]), size = parse_u64(words[2]);
    if (!rank || !size) continue;
    said.ranks.insert(*rank);
    said.sizes.insert(*size);
    said.what.insert(
        std::string(line.substr(words[0].size() + words[1].size() + words[2].size() + 3)));
  }
  return said;
}

}  // namespace

std::vector<ProbedClass> classes_to_probe(const wire::NodeList& nodes,
                                          std::vector<std::string>* left_out) {
  std::map<std::string, ProbedClass> classes;
  for (const wire::NodeView& node : nodes.nodes()) {
    ProbedClass& one = classes[node.node_class()];
    one.name = node.node_class();
    if (one.nodes.size() < 2 && has_room(node)) one.nodes.push_back(node.name());
  }
  std::vector<ProbedClass> probed;
  for (auto& [name, one] : classes) {
    if (one.nodes.empty()) {
      left_out->push_back(name);
      continue;
    }
    one.tasks = cores_needed * static_cast<std::uint32_t>(one.nodes.size());
    probed.push_back(std::move(one));
  }
  return probed;
}

Finding judge_probe(const ProbedClass& probed,
                    const std::string& server,
                    int status,
                    const std::string& output) {
  const std::string at = title_of(probed) + ", " + server + ": ";
  const Said said = read_lines(output);
  if (status == timed_out) {
    return {Grade::warning, "wire-up", at + "no job began and ended within a minute",
            "see cox queue, and why it waits"};
  }
  if (!said.broken.empty()) {
    return {Grade::failed, "wire-up", at + said.broken, mend_of(said.broken)};
  }
  if (status == not_found) {
    return {Grade::failed, "wire-up", at + its_word(output),
            "install the programs of a node at the same place on all nodes"};
  }
  if (said.sizes == std::set<std::uint64_t>{1} && probed.tasks > 1) {
    return {Grade::failed, "wire-up",
            at + std::to_string(probed.tasks) + " tasks are so many worlds of one rank",
            "the server did not reach them: see cox run -v"};
  }
  const bool is_whole = status == 0 && said.ranks.size() == probed.tasks &&
                        said.sizes == std::set<std::uint64_t>{probed.tasks};
  if (!is_whole) {
    return {Grade::failed, "wire-up",
            at + std::to_string(said.ranks.size()) + " of " + std::to_string(probed.tasks) +
                " tasks found each other: " + its_word(output),
            "see the log of the node's daemon"};
  }
  const bool is_mixed = said.what.size() != 1;
  const std::string what = join({said.what.begin(), said.what.end()}, "; ");
  const bool differs = what.find("the server has") != std::string::npos;
  return {is_mixed || differs ? Grade::warning : Grade::ok, "wire-up",
          at + std::to_string(probed.tasks) + " tasks, " + what, differs ? mend_of(what) : ""};
}

Result<void> examine_wire_up(const Parsed& given,
                             Session& session,
                             std::vector<Finding>* findings) {
  wire::ClientRequest request;
  request.mutable_list_nodes();
  const auto nodes = session.ask(request);
  if (!nodes) return Failure(nodes.error());
  const auto supervisor = find_daemon("coxstepd");
  if (!supervisor) return {};  // examine_mpi() says so
  std::vector<std::string> left_out;
  for (const ProbedClass& probed : classes_to_probe(nodes->nodes(), &left_out)) {
    for (const char* server : {"pmix", "pmi1"}) {
      std::vector<std::string> words{"timeout",
                                     patience_s,
                                     platform::own_program(),
                                     "run",
                                     "--new",
                                     "-J",
                                     "doctor-mpi",
                                     "-t",
                                     "1",
                                     "-N",
                                     std::to_string(probed.nodes.size()),
                                     "-n",
                                     std::to_string(probed.tasks),
                                     "-w",
                                     fold_node_list(probed.nodes),
                                     "--chdir=/",
                                     "--mpi",
                                     server};
      if (given.has("cluster")) words.push_back("--cluster=" + given.value("cluster"));
      for (const std::string& word :
           {std::string("--"), *supervisor, std::string("--probe-mpi"), std::string(server)}) {
        words.push_back(word);
      }
      const auto answer = platform::ask_program(words);
      if (!answer) return Failure(answer.error());
      findings->push_back(judge_probe(probed, server, answer->status, answer->output));
    }
  }
  for (const std::string& name : left_out) {
    findings->push_back({Grade::warning, "wire-up",
                         "class " + name.substr(0, 8) + ": no node has two cores free",
                         "try again when one has"});
  }
  return {};
}

}  // namespace cox::cmds
