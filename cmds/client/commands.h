// Every command of cox. Each has a folder of its own; this is their table.
#pragma once

#include "cmds/client/parse.h"

namespace cox::cmds {

extern const Command alloc_command;
extern const Command attach_command;
extern const Command bcast_command;
extern const Command cancel_command;
extern const Command completion_command;
extern const Command doctor_command;
extern const Command down_command;
extern const Command history_command;
extern const Command hold_command;
extern const Command join_command;
extern const Command logs_command;
extern const Command node_command;
extern const Command nodes_command;
extern const Command config_command;
extern const Command partition_command;
extern const Command partitions_command;
extern const Command ps_command;
extern const Command queue_command;
extern const Command release_command;
extern const Command requeue_command;
extern const Command resume_command;
extern const Command run_command;
extern const Command show_command;
extern const Command sim_command;
extern const Command submit_command;
extern const Command suspend_command;
extern const Command up_command;
extern const Command update_command;
extern const Command wait_command;
extern const Command why_command;

/// In the order of `cox help`.
std::span<const Command* const> all_commands();

// Rows that several option tables share.
inline constexpr OptionSpec cluster_option{"cluster", 0, "ADDRESS",
                                           "socket, host:port or directory of a cluster"};
inline constexpr OptionSpec help_option{"help", 'h', "", "print this and exit"};
inline constexpr OptionSpec json_option{"json", 0, "", "print a document for programs"};
inline constexpr OptionSpec format_option{"format", 'o', "COLUMN,...", "print these columns"};
inline constexpr OptionSpec no_header_option{"no-header", 0, "", "print no line of headers"};
inline constexpr OptionSpec jobs_label_option{"label", 'l', "SELECTOR",
                                              "jobs with such labels: app=cfd & !test"};
inline constexpr OptionSpec user_option{"user", 'u', "USER,...", "all jobs of these users"};

/// A statement that fails: "usage: cox NAME ...".
Failure usage_error(const Command& command, const std::string& message);

}  // namespace cox::cmds
