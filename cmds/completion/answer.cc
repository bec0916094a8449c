// Asks the controller for names and ids; it has two seconds.
#include "cmds/completion/answer.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "cmds/client/find_cluster.h"
#include "cmds/client/session.h"
#include "cmds/client/submission.h"

namespace cox::cmds {
namespace {

constexpr Duration patience = seconds(2);
constexpr std::size_t jobs_max = 200;  // more are of no help on a screen

std::optional<wire::ClientReply> ask(const Question& question, wire::ClientRequest request) {
  const auto cluster = find_cluster(question.cluster);
  if (!cluster) return std::nullopt;
  auto session = Session::open(*cluster);
  if (!session || !session->send(std::move(request))) return std::nullopt;
  const Instant deadline = wall_now() + patience;
  wire::ClientReply whole;
  while (!whole.last()) {
    const auto reply = session->next(deadline - wall_now());
    if (!reply || !*reply) return std::nullopt;
    whole.MergeFrom(**reply);
  }
  return whole;
}

/// Whether the command has anything to do with a job like this.
bool is_of_use(std::string_view command, const wire::JobView& job) {
  const std::string_view reason = job.reason();
  const bool is_held = reason.starts_with("JobHeld") || reason == "JobHoldMaxRequeue";
  if (command == "hold") return job.state() == "PENDING" && !is_held;
  if (command == "release") return job.state() == "PENDING" && is_held;
  if (command == "requeue") return job.state() == "RUNNING" || job.state() == "SUSPENDED";
  if (command == "suspend") return job.state() == "RUNNING";
  if (command == "resume") return job.state() == "SUSPENDED";
  if (command == "history") return job.is_final();
  return true;
}

std::vector<Candidate> jobs(const Question& question) {
  wire::ClientRequest request;
  request.mutable_list_jobs()->set_expand(true);
  request.mutable_list_jobs()->set_ended(question.is_ended_wanted);
  const auto reply = ask(question, request);
  if (!reply) return {};
  std::vector<Candidate> all;
  std::vector<Candidate> own;
  for (const wire::JobView& job : reply->jobs().jobs()) {
    if (!is_of_use(question.command->name, job)) continue;
    // Many elements in one line are named by their array.
    const bool is_group = !job.elements().empty() && !job.is_element();
    const std::string name = is_group ? std::to_string(job.array()) : job.id();
    if (!name.starts_with(question.typed)) continue;
    const Candidate one{name, job.name() + ", " + job.user() + ", " + job.state()};
    all.push_back(one);
    if (job.uid() == ::getuid()) own.push_back(one);
  }
  if (::getuid() != 0 && !own.empty()) all = std::move(own);
  if (all.size() > jobs_max) all.erase(all.begin(), all.end() - jobs_max);
  return all;
}

std::vector<Candidate> nodes(const Question& question) {
  wire::ClientRequest request;
  request.mutable_list_nodes();
  const auto reply = ask(question, request);
  std::vector<Candidate> found;
  if (!reply) return found;
  for (const wire::NodeView& node : reply->nodes().nodes()) {
    found.push_back({node.name(), node.state()});
  }
  return found;
}

std::vector<Candidate> partitions(const Question& question) {
  wire::ClientRequest request;
  request.mutable_list_partitions();
  const auto reply = ask(question, request);
  std::vector<Candidate> found;
  if (!reply) return found;
  for (const wire::PartitionView& partition : reply->partitions().partitions()) {
    found.push_back({partition.name(), partition.node_list()});
  }
  return found;
}

std::vector<Candidate> candidates(const Question& question) {
  switch (question.wanted) {
    case Wanted::jobs: {
      std::vector<Candidate> found = jobs(question);
      found.insert(found.end(), question.words.begin(), question.words.end());
      return found;
    }
    case Wanted::nodes:
      return nodes(question);
    case Wanted::partitions:
      return partitions(question);
    default:
      return question.words;
  }
}

/// Names of the controller are clean, names of jobs need not be.
std::string one_line(const std::string& text) {
  std::string line = text;
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return line;
}

}  // namespace

std::string completion_lines(const Question& question, Shell shell) {
  switch (question.wanted) {
    case Wanted::files:
      return ":files\n";
    case Wanted::directories:
      return ":directories\n";
    case Wanted::programs:
      return ":programs\n";
    case Wanted::users:
      return ":users\n";
    default:
      break;
  }
  // bash completes the part behind "=" as a word of its own.
  const std::string lead = shell == Shell::zsh ? question.option + question.list : question.list;
  std::string lines;
  for (const Candidate& one : candidates(question)) {
    if (!one.word.starts_with(question.typed)) continue;
    lines += lead + one.word;
    if (shell == Shell::zsh && !one.help.empty()) lines += "\t" + one_line(one.help);
    lines += '\n';
  }
  return lines;
}

}  // namespace cox::cmds
