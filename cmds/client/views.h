// How jobs, nodes, partitions and explanations appear: as text for people, as JSON for programs.
// JSON members have the names of the wire's fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cmds/client/json.h"
#include "cmds/client/table.h"
#include "model/selector.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// Local time YYYY-MM-DDTHH:MM:SS; "-" when unset.
/// How people write the job: "7", "7_4", "7_[5-99%8]"; long lists of elements are cut.
std::string id_text(const wire::JobView& job);
std::string local_time(std::int64_t us);
/// How long its tasks have stood still so far, or did.
std::int64_t stood_us(const wire::JobView& job, std::int64_t now_us);
/// Time a job has run so far, or ran, standing still left out; "-" before its start.
std::string run_time(const wire::JobView& job, std::int64_t now_us);
std::string limit_text(std::int64_t limit_us);
/// The exit status with which a job, or a step, ended by itself. Nothing while it has not ended,
/// and where a signal, a limit or a failed launch ended it before there was one.
std::optional<std::int32_t> exit_code_of(const wire::JobView& job);
std::optional<std::int32_t> exit_code_of(const wire::StepView& step);
/// The same of an attempt that is over, whether or not another followed.
std::optional<std::int32_t> exit_code_of_attempt(const wire::JobView& attempt);
/// For columns: "-" where there is none, and for signal 0.
std::string exit_text(const wire::JobView& job);
std::string signal_text(const wire::JobView& job);
/// "exit 3", "signal 9", or "" when it ended well or not yet.
std::string outcome_text(const wire::JobView& job);
/// Where it runs or ran, and that another row has its turn there; else why it does not run, in
/// parentheses.
std::string where_text(const wire::JobView& job);
/// What it asks for of the cluster: "matlab:2,ansys:1".
std::string licenses_text(const wire::JobRequest& request);
std::string switches_text(const wire::JobRequest& request);

const std::vector<Column<wire::JobView>>& job_columns();
const std::vector<Column<wire::NodeView>>& node_columns();
/// A message's labels as the model has them.
Labels take_labels(const google::protobuf::Map<std::string, std::string>& labels);
/// "rack=a,gpu=a100", in order.
std::string labels_text(const google::protobuf::Map<std::string, std::string>& labels);
/// Jobs that take turns on it by row, that which runs with a star: "1:7*,2:9"; "-" without any.
std::string rows_text(const wire::NodeView& node);
/// How long a turn lasts; "-" where none are taken.
std::string slice_text(const wire::PartitionView& partition);
/// Nodes that one job may have there: "-" where there is no limit.
std::string max_nodes_text(const wire::PartitionView& partition);
const std::vector<Column<wire::PartitionView>>& partition_columns();

/// How people write the job, and its place in an array.
void write_array(const wire::JobView& job, JsonWriter* json);
/// "exit_code" and "signal", null where there is none.
void write_end(std::optional<std::int32_t> exit_code, std::int32_t signal, JsonWriter* json);
/// An instant that has not come, or is not asked for, is 0 on the wire: null.
void write_instant(std::string_view key, std::int64_t us, JsonWriter* json);
void write_usage(const wire::Usage& usage, JsonWriter* json);
void write_json(const wire::JobView& job, JsonWriter* json);
void write_json(const wire::StepView& step, JsonWriter* json);
/// The same without the braces.
void write_members(const wire::StepView& step, JsonWriter* json);
void write_json(const wire::NodeView& node, JsonWriter* json);
void write_json(const wire::PartitionView& partition, JsonWriter* json);
void write_json(const wire::Explanation& explanation, JsonWriter* json);
/// The members that do not say which job it is about.
void write_verdict(const wire::Explanation& explanation, JsonWriter* json);

}  // namespace cox::cmds
