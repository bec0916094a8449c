// Protobuf's framing is walked by hand, along those fields that are messages themselves.
#include "ctld/translate/frame_check.h"

#include <cstdint>
#include <optional>
#include <string>

namespace cox::ctld {

namespace {

enum WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct Field {
  std::uint64_t number = 0;
  std::string_view content;  // of type bytes
};

std::optional<std::uint64_t> take_varint(std::string_view* from) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !from->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(from->front());
    from->remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> take_bytes(std::uint64_t count, std::string_view* from) {
  if (count > from->size()) return std::nullopt;
  const std::string_view content = from->substr(0, count);
  from->remove_prefix(count);
  return content;
}

/// Nothing for what is no field of a message.
std::optional<Field> take_field(std::string_view* from) {
  const auto tag = take_varint(from);
  if (!tag || (*tag >> 3U) == 0 || *tag > UINT32_MAX) return std::nullopt;
  Field field{*tag >> 3U, {}};
  std::optional<std::uint64_t> length = 0;
  switch (*tag & 7U) {
    case varint:
      if (!take_varint(from)) return std::nullopt;
      return field;
    case fixed64:
      length = 8;
      break;
    case fixed32:
      length = 4;
      break;
    case bytes:
      length = take_varint(from);
      break;
    default:
      return std::nullopt;
  }
  const auto content = length ? take_bytes(*length, from) : std::nullopt;
  if (!content) return std::nullopt;
  if ((*tag & 7U) == bytes) field.content = *content;
  return field;
}

enum class Kind : std::uint8_t { text, flat, request, submit_many, submit, create, job, component };

/// What a field of a message of that kind holds, where it is of type bytes.
Kind kind_of(Kind parent, std::uint64_t field) {
  const auto holds = [&](Kind kind, int number, Kind child) {
    return parent == kind && field == static_cast<std::uint64_t>(number) ? child : Kind::text;
  };
  using wire::ClientRequest, wire::SubmitMany, wire::Submit, wire::CreateStep, wire::JobRequest;
  for (const Kind found :
       {holds(Kind::request, ClientRequest::kSubmitFieldNumber, Kind::submit),
        holds(Kind::request, ClientRequest::kSubmitManyFieldNumber, Kind::submit_many),
        holds(Kind::request, ClientRequest::kCreateStepFieldNumber, Kind::create),
        holds(Kind::submit_many, SubmitMany::kJobsFieldNumber, Kind::submit),
        holds(Kind::submit, Submit::kRequestFieldNumber, Kind::job),
        holds(Kind::create, CreateStep::kRequestFieldNumber, Kind::flat),
        holds(Kind::job, JobRequest::kUserFieldNumber, Kind::flat),
        holds(Kind::job, JobRequest::kLabelsFieldNumber, Kind::flat),
        holds(Kind::job, JobRequest::kLimitsFieldNumber, Kind::flat),
        holds(Kind::job, JobRequest::kComponentsFieldNumber, Kind::component),
        holds(Kind::job, JobRequest::kInitialStepFieldNumber, Kind::flat),
        holds(Kind::component, wire::Component::kDevicesFieldNumber, Kind::flat)}) {
    if (found != Kind::text) return found;
  }
  return Kind::text;
}

/// Fields in the message and in those it holds, up to the first that cannot be read.
std::size_t count_fields(std::string_view message, Kind kind) {
  std::size_t count = 0;
  while (!message.empty() && count <= frame_fields_max) {
    const auto field = take_field(&message);
    if (!field) return count;
    ++count;
    const Kind child = kind_of(kind, field->number);
    if (child != Kind::text) count += count_fields(field->content, child);
  }
  return count;
}

bool may_be_large(std::uint64_t field) {
  using Request = wire::ClientRequest;
  return field == Request::kNumberFieldNumber || field == Request::kSubmitFieldNumber ||
         field == Request::kSubmitManyFieldNumber || field == Request::kCreateStepFieldNumber ||
         field == Request::kConfigActionFieldNumber;
}

}  // namespace

Result<void> check_frame(std::string_view frame) {
  if (frame.size() <= plain_frame_bytes_max) return {};
  const std::string size = "a request of " + std::to_string(frame.size()) + " bytes ";
  for (std::string_view left = frame; !left.empty();) {
    const auto field = take_field(&left);
    if (!field) return bad_usage(size + "cannot be decoded");
    if (!may_be_large(field->number)) {
      return bad_usage(size + "is over the limit of " + std::to_string(plain_frame_bytes_max) +
                       " for its kind");
    }
  }
  if (count_fields(frame, Kind::request) > frame_fields_max) {
    return bad_usage(size + "holds more than " + std::to_string(frame_fields_max) + " fields");
  }
  return {};
}

Result<void> check_counts(const wire::ClientRequest& request) {
  for (const int named : {request.job_action().jobs_size(), request.list_jobs().jobs_size(),
                          request.wait_jobs().jobs_size()}) {
    if (named <= jobs_named_max) continue;
    return bad_usage(std::to_string(named) + " jobs in one request are over the limit of " +
                     std::to_string(jobs_named_max));
  }
  return {};
}

}  // namespace cox::ctld
