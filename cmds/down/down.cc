// cox down: stops the cluster of `cox up` and leaves nothing behind.
#include <array>
#include <cstdlib>
#include <set>

#include "cmds/client/cluster_dir.h"
#include "cmds/client/commands.h"
#include "cmds/client/find_cluster.h"
#include "cmds/client/json.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/down/leftovers.h"
#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds {
namespace down_locals {
namespace {

constexpr int end_patience_ms = 10'000;
constexpr int dying_patience_ms = 1000;

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"dir", 0, "DIR", "its directory"},
      OptionSpec{"force", 'f', "", "also while jobs wait or run: cancel them"},
      OptionSpec{"keep-state", 0, "", "keep queue and history for the next cox up"}, json_option,
      help_option};
  return table;
}

Result<wire::StatusReply> ask_status(Session& session) {
  wire::ClientRequest request;
  request.mutable_status();
  const auto reply = session.ask(request);
  if (!reply) return Failure(reply.error());
  return reply->status();
}

struct Manner {
  bool force = false;
  bool keeps_state = false;
};

const char* mend_of(const Manner& how) {
  return how.keeps_state ? " (back to the queue with them: cox down --keep-state --force)"
                         : " (to cancel them: cox down --force; to keep them: --keep-state)";
}

/// A controller that can write nothing would never answer: with --force it is ended without.
Result<void> check_disk(const wire::StatusReply& status, const Manner& how) {
  if (!status.storage_full()) return {};
  const std::string full = "the disk of " + status.state_dir() + " is full";
  if (!how.force) {
    return fail(Code::refused, full + ", and the controller can end no job (make room there; or " +
                                   "end everything as it is: --force)");
  }
  print_error(full + ": what came last may not be kept");
  return {};
}

struct Stopped {
  std::string cluster;  // the name under which its containers stand
  bool ends_itself = false;
};

/// Asks the controller to stop.
Result<Stopped> stop_controller(const std::string& dir, const Manner& how) {
  auto session =
      Session::open(ClusterAddress{platform::Address{controller_socket(dir), "", 0}, ""});
  if (!session) return Failure(session.error());
  const auto status = ask_status(*session);
  if (!status) return Failure(status.error());
  const auto can_write = check_disk(*status, how);
  if (!can_write) return Failure(can_write.error());
  if (status->storage_full()) return Stopped{status->cluster(), false};
  wire::ClientRequest request;
  request.mutable_shutdown()->set_force(how.force);
  request.mutable_shutdown()->set_keep_queue(how.keeps_state);
  session->say_while_waiting("waiting for jobs to end: those that stay are killed after kill_wait");
  const auto reply = session->ask(request);
  if (!reply && reply.error().code == Code::refused && !how.force) {
    return fail(Code::refused, reply.error().message + mend_of(how));
  }
  // A controller that went before its answer arrived has done what was asked.
  if (!reply && reply.error().code != Code::unreachable) return Failure(reply.error());
  return Stopped{status->cluster(), true};
}

Result<void> end_daemons(const std::string& dir, bool controller_was_asked) {
  std::vector<Daemon> daemons = running_daemons(dir);
  std::erase_if(daemons, [&](const Daemon& daemon) {
    const bool ends_itself = controller_was_asked && daemon.name == "coxctld";
    return ends_itself && wait_until_gone(daemon.pid, end_patience_ms);
  });
  return end_processes(daemons, end_patience_ms);
}

Failure no_controller(const std::string& dir) {
  const std::string at = dir == default_cluster_dir() ? "" : " --dir " + dir;
  return fail(Code::refused,
              dir + ": no controller runs, so its jobs are not known (start it: cox up" + at +
                  "; or end everything: cox down --force" + at + ")");
}

Result<std::string> stop(const std::string& dir, const Manner& how) {
  const int controller = platform::lock_holder(controller_pid_file(dir)).value_or(0);
  // Where one was cut off after the controller had agreed to stop, the next goes on.
  const std::string stopped = stopped_cluster(dir);
  if (controller == 0 && stopped.empty() && !how.force) return no_controller(dir);
  Result<Stopped> asked = Stopped{stopped, true};
  if (controller != 0) asked = stop_controller(dir, how);
  const bool is_unreachable = !asked && asked.error().code == Code::unreachable;
  if (is_unreachable && !stopped.empty()) asked = Stopped{stopped, true};
  if (!asked && !how.force) {
    // One that is just dying still holds its lock, and breaks the connection.
    const bool is_gone = is_unreachable && wait_until_gone(controller, dying_patience_ms);
    return is_gone ? no_controller(dir) : Failure(asked.error());
  }
  if (!asked && asked.error().code == Code::not_permitted) return Failure(asked.error());
  // Where there is no room for the note, one that takes over from here needs --force.
  const std::string cluster = asked ? asked->cluster : "";
  if (!cluster.empty()) static_cast<void>(note_stopped(dir, cluster));
  const auto ended = end_daemons(dir, asked && asked->ends_itself);
  if (!ended) return Failure(ended.error());
  return cluster;
}

/// What tells the next cox down where it was goes last.
Result<void> remove_cluster(const std::string& dir) {
  const auto names = platform::list_directory(dir);
  if (!names) return Failure(names.error());
  for (const std::string& name : *names) {
    if (is_record_name(name)) continue;
    const auto removed = platform::remove_tree(dir + "/" + name);
    if (!removed) return removed;
  }
  return platform::remove_tree(dir);
}

/// --dir, else $COX_CLUSTER where it names the directory of a cluster, else the default.
Result<std::string> chosen_dir(const Parsed& given) {
  const char* named = std::getenv("COX_CLUSTER");
  if (!given.has("dir") && named != nullptr && read_record(named)) return absolute_path(named);
  return cluster_dir(given);
}

Result<void> report(const Parsed& given, const std::string& dir, bool is_kept) {
  if (!given.has("json")) {
    return print("cluster is down: " + quoted(dir, dir.size()) +
                 (is_kept ? " keeps its queue and history\n" : " is gone\n"));
  }
  JsonWriter json;
  json.text("directory", dir);
  json.boolean("keeps_state", is_kept);
  return print(json.take());
}

Result<int> run(const Parsed& given) {
  if (!given.operands().empty()) {
    return usage_error(given.command(),
                       quoted(given.operands().front()) + ": nothing is expected here");
  }
  const auto dir = chosen_dir(given);
  if (!dir) return Failure(dir.error());
  const auto record = read_record(*dir);
  const bool is_cluster = record || record.error().code != Code::not_found;
  if (const std::string owner = foreign_owner(*dir); is_cluster && !owner.empty()) {
    return fail(Code::not_permitted,
                *dir + ": the cluster is " + owner + "'s, who alone may stop it, or root");
  }
  if (!record) return Failure(record.error());
  Progress progress;
  progress.show("stopping the cluster in " + *dir);
  const auto cluster = stop(*dir, {given.has("force"), given.has("keep-state")});
  if (!cluster) return Failure(cluster.error());
  const auto cleared = clear_leftovers(*dir, *record, !given.has("keep-state"));
  if (!cleared) return Failure(cleared.error());
  const bool is_kept = given.has("keep-state");
  const auto removed = is_kept ? forget_stopped(*dir) : remove_cluster(*dir);
  if (!removed) return Failure(removed.error());
  progress.clear();
  const auto printed = report(given, *dir, is_kept);
  if (!printed) return Failure(printed.error());
  return 0;
}

}  // namespace
}  // namespace down_locals

const Command down_command{"down",
                           "[OPTIONS]",
                           "stop it and leave nothing behind",
                           down_locals::options,
                           Operands::anywhere,
                           0,
                           down_locals::run};

}  // namespace cox::cmds
