// The examinations of `cox doctor`. Each adds what it found, good or bad.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmds/client/parse.h"
#include "cmds/client/session.h"
#include "platform/address.h"
#include "wire/client.pb.h"

namespace cox::cmds {

enum class Grade : std::uint8_t { ok = 0, warning = 1, failed = 2 };

std::string_view grade_word(Grade grade);

struct Finding {
  Grade grade = Grade::ok;
  std::string name;
  std::string detail;
  std::string mend;
};

/// It answers; its version agrees with ours.
void examine_controller(const wire::StatusReply& status,
                        const platform::Address& address,
                        std::vector<Finding>* findings);
/// All are heard; versions agree; what keeps their jobs together.
void examine_nodes(const wire::StatusReply& status,
                   const wire::NodeList& nodes,
                   std::vector<Finding>* findings);
/// The directory that is examined: where the command would look for a private cluster.
std::string examined_dir(const Parsed& given);
/// Supervisors in `dir` of no job that the controller has.
Result<void> examine_supervisors(Session& session,
                                 const std::string& dir,
                                 std::vector<Finding>* findings);
/// The controller's directory: rights of the key; of one of `cox up` also daemons, and supervisors
/// left over.
void examine_directory(const Parsed& given, std::vector<Finding>* findings);
/// What this machine offers: namespaces.
void examine_machine(std::vector<Finding>* findings);
/// The library by which MPI programs find each other is there and can be loaded.
void examine_mpi(std::vector<Finding>* findings);
/// Tasks on nodes of each class find each other. Runs jobs.
Result<void> examine_wire_up(const Parsed& given, Session& session, std::vector<Finding>* findings);
/// The programs of a node are there, of our version.
void examine_programs(std::vector<Finding>* findings);
/// The configuration in force against the file that the cluster in `dir` was started with, and
/// partitions that are of no use. Somebody who may not ask for a plan learns less.
Result<void> examine_config(Session& session,
                            const std::string& dir,
                            std::vector<Finding>* findings);

}  // namespace cox::cmds
