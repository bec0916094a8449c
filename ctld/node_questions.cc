// See node_questions.h.
#include "ctld/node_questions.h"

#include <algorithm>
#include <utility>

namespace cox::ctld {
namespace {

// Longer than a node that is busy with thousands of processes needs.
constexpr Duration patience = seconds(5);
constexpr int processes_max = 100'000;  // some 20 MB

void add_silence(const std::string& node, const std::string& why, wire::ProcessList* to) {
  wire::NodeSilence* silent = to->add_silent();
  silent->set_node(node);
  silent->set_why(why);
}

}  // namespace

std::uint64_t NodeQuestions::begin(const Conversation& to,
                                   Instant now,
                                   const std::vector<Asked>& nodes,
                                   const std::vector<std::string>& silent,
                                   const std::string& stands) {
  const std::uint64_t number = ++last_;
  Question question{to, now, {}, {}};
  question.answer.set_stands(stands);
  for (const Asked& one : nodes) question.left.emplace(one.node, one.name);
  for (const std::string& name : silent) add_silence(name, "is not connected", &question.answer);
  open_.emplace(number, std::move(question));
  finish_if_whole(number);
  return number;
}

void NodeQuestions::answered(NodeId node, const wire::Processes& answer) {
  const auto found = open_.find(answer.number());
  if (found == open_.end()) return;
  Question& question = found->second;
  const auto awaited = question.left.find(node);
  if (awaited == question.left.end()) return;
  const std::string name = awaited->second;
  question.left.erase(awaited);
  std::uint64_t left_out = answer.left_out();
  for (const wire::Process& process : answer.processes()) {
    if (question.answer.processes_size() >= processes_max) {
      ++left_out;
      continue;
    }
    wire::Process* to = question.answer.add_processes();
    *to = process;
    to->set_node(name);  // whatever it calls itself
  }
  if (!answer.failure().empty()) add_silence(name, answer.failure(), &question.answer);
  if (left_out != 0) {
    add_silence(name, "has " + std::to_string(left_out) + " processes more than are shown",
                &question.answer);
  }
  finish_if_whole(found->first);
}

void NodeQuestions::lost(NodeId node) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, question] : open_) {
    if (question.left.contains(node)) numbers.push_back(number);
  }
  for (const std::uint64_t number : numbers) silence(number, node, "lost its connection");
}

void NodeQuestions::tick(Instant now) {
  std::vector<std::pair<std::uint64_t, NodeId>> late;
  for (const auto& [number, question] : open_) {
    if (now <= question.at + patience) continue;
    for (const auto& [node, name] : question.left) late.emplace_back(number, node);
  }
  for (const auto& [number, node] : late) {
    silence(number, node, "did not answer within five seconds");
  }
}

void NodeQuestions::drop(ClientId client) {
  std::erase_if(open_, [client](const auto& one) { return one.second.to.client == client; });
}

void NodeQuestions::silence(std::uint64_t number, NodeId node, const std::string& why) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const auto awaited = found->second.left.find(node);
  if (awaited == found->second.left.end()) return;
  add_silence(awaited->second, why, &found->second.answer);
  found->second.left.erase(awaited);
  finish_if_whole(number);
}

void NodeQuestions::finish_if_whole(std::uint64_t number) {
  const auto found = open_.find(number);
  if (!found->second.left.empty()) return;
  Question question = std::move(found->second);
  open_.erase(found);
  done_(question.to, std::move(question.answer));
}

}  // namespace cox::ctld
