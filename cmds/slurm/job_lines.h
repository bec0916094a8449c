// The lines of squeue: what is printed of jobs as they come, and in which order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cmds/slurm/format.h"
#include "cmds/slurm/job_fields.h"
#include "common/result.h"
#include "model/job_state.h"
#include "wire/client.pb.h"

namespace cox::cmds::slurm {

struct JobOrder {
  std::size_t field;
  bool is_descending;
};

/// -S: letters of fields, the least first unless '-' stands before them. error: bad_usage
Result<std::vector<JobOrder>> read_job_order(std::string_view text);

struct JobOutput {
  std::vector<Piece> pieces;
  std::vector<JobOrder> order;  // empty: the usual one
  bool has_header = true;

  /// The view that has all of it.
  Needs needs() const;
  /// Some of it is of places in the order of a partition, which have to be asked for.
  bool has_places() const;
};

/// By partition, then by state, then as the controller has them: each job becomes text when it
/// comes. In another order the jobs are kept to the end.
class JobLines {
 public:
  using Put = std::function<Result<void>(std::string_view lines)>;

  JobLines(const JobOutput& output, std::int64_t now_us, bool is_plain)
      : output_(output), now_us_(now_us), is_plain_(is_plain) {}

  void clear();
  void add(const wire::JobView& job);
  /// All lines in order, some at a time; an error of `put` ends it.
  Result<void> write(const Put& put) const;

 private:
  using Group = std::pair<std::string, JobState>;
  using Groups = std::map<Group, std::string>;

  void add_line_of(const wire::JobView& job, std::string* to) const;
  void sort(std::vector<const wire::JobView*>* rows) const;

  const JobOutput& output_;
  std::int64_t now_us_;
  bool is_plain_;
  Groups groups_;
  Groups::iterator last_ = groups_.end();  // that of the job before
  std::vector<wire::JobView> jobs_;        // where they have to be sorted
};

}  // namespace cox::cmds::slurm
