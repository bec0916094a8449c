// How Slurm's commands write times, dates, numbers and lists, and read lists.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds::slurm {

/// A variable of the environment by a name that was put together; "" where it is not set.
std::string variable(const std::string& name);

/// "30:00", "1:02:03", "2-00:00:00": of squeue and sinfo.
std::string short_span(std::int64_t us);
/// "00:30:00", "2-00:00:00": of scontrol and sacct.
std::string long_span(std::int64_t us);
/// sacct's CPU times: as long_span, under an hour "MM:SS.mmm" where there is a fraction.
std::string cpu_span(std::int64_t us);
bool is_limited(std::int64_t limit_us);
/// As SLURM_TIME_FORMAT wants it, local time YYYY-MM-DDTHH:MM:SS without it; `none` for 0.
std::string date(std::int64_t us, const char* none);
/// 2048 as "2K" where multiples of 1024 are shortened.
std::string count(std::uint64_t number, bool is_plain);
/// MiB as "2G", "500M"; plain: with M always.
std::string memory(std::int64_t mib, bool is_plain);
std::string or_null(const std::string& text);

/// Parts at commas outside brackets, none of them empty.
std::vector<std::string> list_parts(std::string_view text);
bool is_in(const std::vector<std::string>& list, std::string_view word);
/// Names of users as the controller knows them, from names and numbers.
/// error: not_found "Invalid user: NAME"
Result<std::vector<std::string>> user_names(std::string_view list);
/// The name of whoever runs the command; without an entry, the number.
std::string own_user_name();
/// The name of a group, or its number.
std::string group_name(std::uint32_t gid);
/// Words of job states, long or short, in any case, as long words; "all" gives an empty list.
/// error: bad_usage "Invalid job state specified: WORD"
Result<std::vector<std::string>> state_words(std::string_view list);

/// The index part "[0-4,7%2]" cut as SLURM_BITSTR_LEN says, 64 characters without it.
std::string array_id(const wire::JobView& job);
/// A single element of an array that waits, where `job` stands for several.
std::vector<wire::JobView> elements_of(const wire::JobView& job);
/// "gres/gpu:a100:2,gres/fpga:1" of what is asked for on each node; `none` where nothing is.
std::string devices(const wire::JobRequest& request, const char* none);
/// The first name of a compact list.
std::string first_node(const std::string& list);

}  // namespace cox::cmds::slurm
