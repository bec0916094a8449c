// What is printed of a replay: a table for people, a document for programs, a line per job.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/figures.h"
#include "sim/swf.h"

namespace cox::sim {

/// The figures of all jobs, then one line per group.
std::string to_text(const Figures& figures, By by, const std::vector<Group>& groups);
std::string to_json(const Figures& figures,
                    By by,
                    const std::vector<Group>& groups,
                    const std::map<std::string, BadLines>& unused);
/// RFC 4180 but for its line ends, which are those of the system.
std::string to_csv(const std::vector<Outcome>& outcomes,
                   const std::vector<std::string>& node_names);

/// "coxsim: FILE: 2 lines not used: no run time (lines 7, 12)" per reason.
std::string unused_text(const std::map<std::string, BadLines>& unused, const std::string& path);

}  // namespace cox::sim
