// The fields of squeue: one table for its letters and for its names.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmds/slurm/tool.h"
#include "wire/client.pb.h"

namespace cox::cmds::slurm {

/// A job as one line, and what its texts depend on besides.
struct JobLine {
  const wire::JobView& job;
  std::int64_t now_us;
  bool is_plain;  // --noconvert
};

/// Which view of a job a field is made from.
enum class Needs : std::uint8_t { brief, usual, full };

struct JobField {
  char letter;       // of -o, or 0
  const char* name;  // of -O, or ""
  const char* header;
  Parity parity;
  Needs needs;
  bool is_whole;                             // -o never cuts it
  std::string (*text)(const JobLine& line);  // null: refused
};

std::span<const JobField> job_fields();
std::vector<FieldName> job_field_names();
/// Their places in the table. error: bad_usage in Slurm's words
Result<std::size_t> find_job_letter(std::string_view letter);
Result<std::size_t> find_job_name(std::string_view name);

/// The field is of the job's place in the order, which has to be asked for.
bool is_of_place(const JobField& field);
/// The sum of the terms of a job that waits, where it stands best; nothing where it was not told.
std::optional<std::int64_t> points_of(const wire::JobView& job);
/// "(Resources)" of a job that waits, else its nodes.
std::string place_text(const wire::JobView& job);
/// Whom its nodes are shared with: "NO", "USER" or "OK".
std::string oversubscribe_text(const wire::Component& part);
/// The end of a job that runs, by its limit; 0 where there is none.
/// It runs, and its row has no turn at the moment: Slurm says of such a job that it is suspended.
bool stands_still(const wire::JobView& job);
std::string state_of(const wire::JobView& job);
std::int64_t end_us(const wire::JobView& job);
std::int64_t run_us(const wire::JobView& job, std::int64_t now_us);

}  // namespace cox::cmds::slurm
