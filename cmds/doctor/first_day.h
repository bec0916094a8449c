// The mistakes of a first day: a socket where nobody listens, another key, clocks apart, users that
// a node does not know, addresses that nobody can reach, namespaces that this user may not make.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmds/client/parse.h"
#include "cmds/doctor/findings.h"
#include "common/result.h"
#include "platform/address.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// Why nothing answers there, and what to do: `error` is that of the connection.
Finding unreachable_controller(const Parsed& given, const Error& error);
/// The key for a controller on another host: there, whole, and closed to others.
void examine_key(const Parsed& given, std::vector<Finding>* findings);
/// Where auth is "munge": whether this machine's munged gives credentials, as it was just asked to.
void examine_munge(const Result<std::string>& credential, std::vector<Finding>* findings);
/// The controller's clock beside ours. `now_us`: ours, between question and answer.
void examine_clock(const wire::StatusReply& status,
                   std::int64_t asked_us,
                   std::int64_t answered_us,
                   std::vector<Finding>* findings);
/// Nodes on which starts failed: users who are unknown there, a daemon without rights, and others.
void examine_starts(const wire::NodeList& nodes, std::vector<Finding>* findings);
/// Nodes of several machines whose steps only their own machine can reach.
void examine_addresses(const wire::NodeList& nodes, std::vector<Finding>* findings);
/// Tried, not looked up: systems forbid it in several ways.
bool may_make_namespaces();

}  // namespace cox::cmds
