// See launch_client.h.
#include "bench/launch_client.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "bench/cluster_client.h"
#include "bench/measure.h"
#include "cmds/client/commands.h"
#include "cmds/run/run_request.h"
#include "platform/address.h"
#include "wire/step.pb.h"

namespace cox::bench {
namespace {

constexpr Duration patience = seconds(120);

wire::ClientReply next_reply(link::ClientLink& link) {
  auto frame = link.receive(patience);
  wire::ClientReply reply;
  if (!frame || !*frame || !reply.ParseFromString(**frame)) give_up("no word from the controller");
  if (reply.has_error()) give_up(reply.error().message());
  return reply;
}

/// Until the step's exit; what the tasks wrote.
std::string follow_step(const wire::StepReady& ready) {
  const auto address = platform::parse_address(ready.endpoint());
  if (!address) give_up(address.error().message);
  auto link = link::ClientLink::connect(*address, ready.key(), patience);
  if (!link) give_up(link.error().message);
  wire::StepMessage attach, no_input;
  attach.mutable_attach()->set_owner(true);
  no_input.mutable_input()->set_eof(true);
  for (const wire::StepMessage& message : {attach, no_input}) {
    if (auto sent = link->send(message.SerializeAsString()); !sent) give_up(sent.error().message);
  }
  std::string output;
  while (true) {
    auto frame = link->receive(patience);
    wire::StepMessage message;
    if (!frame || !*frame || !message.ParseFromString(**frame)) give_up("the step is silent");
    if (message.has_output()) output += message.output().data();
    if (!message.has_exit()) continue;
    if (cmds::step_status(message.exit().result()) != 0) {
      give_up("the step failed: " + message.exit().result().detail());
    }
    return output;
  }
}

int controller_pid(const std::string& dir) {
  int pid = 0;
  std::ifstream(dir + "/ctld.pid") >> pid;
  return pid;
}

}  // namespace

LaunchTimes time_launch(const std::string& dir, const std::vector<std::string>& words) {
  const auto given = cmds::parse(cmds::run_command, words);
  if (!given) give_up(given.error().message);
  auto asked = cmds::read_run_request(*given);
  if (!asked) give_up(asked.error().message);
  auto link = open_link(dir);
  asked->request.set_number(1);
  LaunchTimes times;
  const std::int64_t begin_ns = wall_ns();
  const auto since = [begin_ns](std::int64_t ns) {
    return static_cast<double>(ns - begin_ns) / 1e6;
  };
  if (auto sent = link.send(asked->request.SerializeAsString()); !sent) {
    give_up(sent.error().message);
  }
  wire::ClientReply reply;
  while (!reply.has_step_ready()) reply = next_reply(link);
  times.prepared = since(wall_ns());
  std::istringstream stamps(follow_step(reply.step_ready()));
  times.exited = since(wall_ns());
  std::uint32_t count = 0;
  for (std::int64_t at = 0; stamps >> at; ++count) {
    times.first = count == 0 ? since(at) : std::min(times.first, since(at));
    times.last = std::max(times.last, since(at));
  }
  if (count != reply.step_ready().tasks()) {
    give_up(std::to_string(count) + " of " + std::to_string(reply.step_ready().tasks()) +
            " tasks told their time");
  }
  while (!reply.last()) reply = next_reply(link);
  times.ended = since(wall_ns());
  return times;
}

double controller_cpu_ms(const std::string& dir) {
  std::ifstream stat("/proc/" + std::to_string(controller_pid(dir)) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  if (text.empty()) return 0;
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) * 1e3 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace cox::bench
