// How the value of each request option gets into the draft: readers by the kind of value, and
// setters of the options that are more than that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmds/client/devices.h"
#include "cmds/client/request_options.h"
#include "common/result.h"

namespace cox::cmds {

/// An option as it was given.
struct Given {
  const char* name;
  const std::string& value;
  bool has_value;
  Instant now;

  std::string option() const { return std::string("--") + name; }
};

using Setter = Result<void> (*)(const Given& given, RequestDraft& draft);

/// The component that the options shape.
Component& how_much(RequestDraft& draft);
/// Puts `wanted` in the place of what was asked for of the same name and type.
void replace_devices(const std::vector<DeviceRequest>& wanted, RequestDraft& draft);

Result<void> read_count(const Given& given, std::uint32_t* to);
Result<void> read_text(const Given& given, std::string* to);
Result<void> read_pattern(const Given& given, std::string* to);
Result<void> read_node_list(const Given& given, std::vector<std::string>* to);

/// A member of the request, whether it is the job's own or in what jobs have in common.
template <class Value>
Value& member_of(JobRequest& job, Value JobRequest::*member) {
  return job.*member;
}

template <class Value>
Value& member_of(JobRequest& job, Value JobCommon::*member) {
  return job.common.edit().*member;
}

/// Setters made of a member and the kind of its value.
template <std::uint32_t Component::*member>
Result<void> set_count(const Given& given, RequestDraft& draft) {
  return read_count(given, &(how_much(draft).*member));
}

template <auto member>
Result<void> set_text(const Given& given, RequestDraft& draft) {
  return read_text(given, &member_of(draft.job, member));
}

template <auto member>
Result<void> set_pattern(const Given& given, RequestDraft& draft) {
  return read_pattern(given, &member_of(draft.job, member));
}

template <auto member>
Result<void> set_node_list(const Given& given, RequestDraft& draft) {
  return read_node_list(given, &member_of(draft.job, member));
}

template <auto member, bool value>
Result<void> set_flag(const Given& /*given*/, RequestDraft& draft) {
  member_of(draft.job, member) = value;
  return {};
}

Result<void> set_memory_per_node(const Given& given, RequestDraft& draft);
Result<void> set_memory_per_cpu(const Given& given, RequestDraft& draft);
Result<void> set_export(const Given& given, RequestDraft& draft);
Result<void> set_nodes(const Given& given, RequestDraft& draft);
Result<void> set_time(const Given& given, RequestDraft& draft);
Result<void> set_label(const Given& given, RequestDraft& draft);
Result<void> set_bind(const Given& given, RequestDraft& draft);
Result<void> set_distribution(const Given& given, RequestDraft& draft);
Result<void> set_nice(const Given& given, RequestDraft& draft);
Result<void> set_constraint(const Given& given, RequestDraft& draft);
Result<void> set_prefer(const Given& given, RequestDraft& draft);
Result<void> set_switches(const Given& given, RequestDraft& draft);
Result<void> set_licenses(const Given& given, RequestDraft& draft);
Result<void> set_exclusive(const Given& given, RequestDraft& draft);
Result<void> set_partitions(const Given& given, RequestDraft& draft);
Result<void> set_begin(const Given& given, RequestDraft& draft);
Result<void> set_gpus(const Given& given, RequestDraft& draft);
Result<void> set_gpus_per_node(const Given& given, RequestDraft& draft);
Result<void> set_gres(const Given& given, RequestDraft& draft);

}  // namespace cox::cmds
