// cox alloc: an allocation, and a command or the user's shell here, with the job around it.
#include <algorithm>
#include <array>

#include "cmds/alloc/allocation.h"
#include "cmds/alloc/surroundings.h"
#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/json.h"
#include "cmds/client/request_options.h"
#include "cmds/client/terminal.h"
#include "cmds/client/wording.h"
#include "platform/process.h"

namespace cox::cmds {
namespace {

/// Of a request without a script, without tasks of its own, and that is never queued again.
constexpr std::array meaningless = {"output",  "error",      "input", "export",
                                    "requeue", "no-requeue", "retry"};

}  // namespace

OptionTable alloc_options() {
  static const std::vector<OptionSpec> table = [] {
    std::vector<OptionSpec> all =
        with_request_options({{"no-shell", 0, "", "run nothing, print the job's id"},
                              json_option,
                              cluster_option,
                              help_option});
    std::erase_if(all, [](const OptionSpec& spec) {
      return std::ranges::find(meaningless, std::string_view(spec.name)) != meaningless.end();
    });
    return all;
  }();
  return table;
}

namespace {

/// The words of `cox alloc`.
class OwnWords : public AllocVoice {
 public:
  void waits(const wire::JobView& job) override {
    const std::string text = wait_text(job);
    if (text.empty() || text == told_) return;
    told_ = text;
    print_error(text);
  }

  void granted(const wire::JobView& job) override {
    print_error("job " + std::to_string(job.job()) + " has " + job.node_list());
  }

  void revoked(const wire::JobView& job) override {
    print_error("the allocation is gone: " + job_end_text(job));
  }

  void gives_back(const wire::JobView& /*job*/) override {}

  void error(const std::string& text) override { print_error(text); }

 private:
  std::string told_;
};

Result<int> print_grant(const Parsed& given, const wire::JobView& job) {
  std::string text = std::to_string(job.job()) + "\n";
  if (given.has("json")) {
    JsonWriter json;
    json.number("job", std::uint64_t{job.job()});
    json.text("nodes", job.node_list());
    text = json.take();
  }
  if (const auto printed = print(text); !printed) return Failure(printed.error());
  return 0;
}

Result<int> run_in(const Parsed& given,
                   const std::vector<std::string>& argv,
                   AllocVoice& voice,
                   Alloc& alloc) {
  const auto interrupted = alloc.wait_for_nodes();
  if (!interrupted) return Failure(interrupted.error());
  if (*interrupted != 0) return 128 + *interrupted;
  const wire::JobView& job = alloc.grant().job();
  if (alloc.grant().has_ended()) {
    print_error(job_end_text(job));
    return own_failure_status;
  }
  if (given.has("no-shell")) return print_grant(given, job);
  voice.granted(job);
  platform::SpawnRequest request;
  request.program = argv.front();
  request.argv = argv;
  request.environment =
      allocation_environment(platform::current_environment(), job, given.value("cluster"));
  request.directory = given.value("chdir");
  request.descriptors = {{0, 0}, {1, 1}, {2, 2}};
  return alloc.run_command(request);
}

Result<int> run(const Parsed& given) {
  if (given.has("no-shell") && !given.operands().empty()) {
    return usage_error(given.command(), "--no-shell: runs no command, but " +
                                            given.operands().front() + " is given");
  }
  if (given.has("json") && !given.has("no-shell")) {
    return usage_error(given.command(), "--json: only with --no-shell");
  }
  if (auto once = check_given_once(given.options()); !once) return Failure(once.error());
  const std::vector<std::string> argv = command_of(given.operands());
  auto asked = read_alloc_request(given, argv, "alloc");
  if (!asked) return Failure(asked.error());
  auto signals = Signals::open();
  if (!signals) return Failure(signals.error());
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  OwnWords words;
  auto grant = Grant::start(std::move(*session), std::move(asked->request), words);
  if (!grant) return Failure(reworded(grant.error(), asked->wording));
  Alloc alloc(std::move(*grant), std::move(*signals), words);
  const auto status = run_in(given, argv, words, alloc);
  if (!status) return Failure(reworded(status.error(), asked->wording));
  return status;
}

}  // namespace

const Command alloc_command{"alloc",
                            "[OPTIONS] [COMMAND [ARGS]]",
                            "an allocation, and a command or a shell in it, here",
                            alloc_options,
                            Operands::end_options,
                            own_failure_status,
                            run};

}  // namespace cox::cmds
