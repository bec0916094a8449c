// sattach: looks on at a step that runs, as `cox attach` does; or says where its tasks are.
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/parse.h"
#include "cmds/client/terminal.h"
#include "cmds/slurm/step_processes.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/node_list.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace sattach_locals {
namespace {

constexpr std::array table = {
    Option{"error-filter", 0, "TASK", exact, ""},
    Option{"gdb", 0, "", refused, later},
    Option{"help", 'h', "", exact, ""},
    Option{"input-filter", 0, "TASK", about, "0 only, the task that may have a terminal"},
    Option{"label", 'l', "", exact, ""},
    Option{"layout", 0, "", exact, ""},
    Option{"output-filter", 0, "TASK", exact, ""},
    Option{"pty", 0, "", about, "a step with a terminal is attached to with its keys anyway"},
    Option{"quiet", 'Q', "", about, "where to and how to leave is said all the same"},
    Option{"timeout", 0, "SECONDS", about, "the time of cox attach holds"},
    Option{"usage", 'u', "", exact, ""},
    Option{"verbose", 'v', "", about, "nothing more is said"},
    Option{"version", 'V', "", exact, ""},
};

Options options() {
  return table;
}

/// "\t2 tasks, 1 nodes (n1)", and a line for each node.
std::string layout_text(const StepUse& use) {
  const auto nodes = use.nodes();
  std::string text = "Job step layout:\n\t" + std::to_string(use.tasks.size()) + " tasks, " +
                     std::to_string(nodes.size()) + " nodes (" + fold_node_list(nodes) + ")\n\n";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::vector<std::string> ranks;
    for (const TaskUse& task : use.tasks) {
      if (task.node == nodes[i]) ranks.push_back(std::to_string(task.task));
    }
    text += "\tNode " + std::to_string(i) + " (" + nodes[i] + "), " + std::to_string(ranks.size()) +
            " task(s): " + join(ranks, " ") + "\n";
  }
  return text;
}

Result<int> show_layout(const JobName& name) {
  auto session = open_session();
  if (!session) return Failure(session.error());
  std::vector<std::string> silent;
  const auto steps = ask_step_uses(*session, name, &silent);
  if (!steps) return Failure(steps.error());
  if (!silent.empty()) return fail(Code::unreachable, silent.front());
  if (steps->empty()) return fail(Code::not_found, "step " + name.text + ": no task runs");
  const auto printed = print(layout_text(steps->front()));
  return printed ? Result<int>(0) : Failure(printed.error());
}

Result<int> run(const Words& given) {
  if (given.operands.size() != 1) return fail(Code::bad_usage, "one JOB.STEP is expected");
  const auto name = parse_job_name(given.operands.front());
  if (!name || !name->step) {
    return fail(Code::bad_usage,
                "Invalid step id: " + quoted(given.operands.front()) + " (JOB.STEP is expected)");
  }
  if (given.has("layout")) return show_layout(*name);
  if (given.has("input-filter") && given.value("input-filter") != "0") {
    return fail(Code::bad_usage, "--input-filter " + quoted(given.value("input-filter")) +
                                     ": only task 0 can have a terminal");
  }
  std::vector<std::string> words;
  if (given.has("label")) words.emplace_back("--label-output");
  if (given.has("output-filter")) words.push_back("--output-of=" + given.value("output-filter"));
  if (given.has("error-filter")) words.push_back("--error-of=" + given.value("error-filter"));
  words.push_back(given.operands.front());
  const auto parsed = parse(attach_command, words);
  return parsed ? attach_command.run(*parsed) : Result<int>(Failure(parsed.error()));
}

}  // namespace
}  // namespace sattach_locals

const Tool sattach_tool{"sattach", "[OPTIONS] JOB.STEP", sattach_locals::options, Stop::never,
                        nullptr,   sattach_locals::run};

}  // namespace cox::cmds::slurm
