// model/ values to and from their protobuf form. Reading checks every size, count and range; what
// comes out is trusted. Used by messages and by the journal. In namespace cox::wire the protobuf
// types have the model's names, so the model's are written cox::X.
#pragma once

#include "common/result.h"
#include "model/allocation.h"
#include "model/array_spec.h"
#include "model/job_request.h"
#include "model/outcome.h"
#include "model/settings.h"
#include "model/topology.h"
#include "wire/model.pb.h"

namespace cox::wire {

// Limits of what one message may name; the error names the limit.
inline constexpr int argv_max = 65'536;
inline constexpr std::size_t argv_bytes_max = 4U << 20;
inline constexpr std::size_t environment_bytes_max = 16U << 20;
inline constexpr std::size_t script_bytes_max = 16U << 20;
inline constexpr std::size_t text_bytes_max = 4096;
inline constexpr int components_max = 64;
inline constexpr int cores_per_node_max = 16'384;
inline constexpr std::uint32_t tasks_max = 10'000'000;

void put(const cox::JobRequest& from, JobRequest* to);
Result<cox::JobRequest> take(const JobRequest& from);
/// Only what is the job's own: everything but `common`.
void put_own(const cox::JobRequest& from, JobRequest* to);
Result<cox::JobRequest> take_own(const JobRequest& from);
/// `base` with what the variant sets.
Result<cox::JobRequest> take(const JobVariant& from, cox::JobRequest base);
using ArrayRanges = google::protobuf::RepeatedPtrField<ArrayRange>;
void put(const cox::ArraySpec& from, ArrayRanges* to);
/// Elements in order and within the limits. error: bad_usage names the range at fault or the limit
Result<cox::ArraySpec> take(const ArrayRanges& from, std::uint32_t at_once_max = 0);
void put(const cox::StepRequest& from, StepRequest* to);
Result<cox::StepRequest> take(const StepRequest& from);
void put(const cox::NodeInventory& from, NodeInventory* to);
Result<cox::NodeInventory> take(const NodeInventory& from);
void put(const cox::NodeClass& from, NodeClass* to);
Result<cox::NodeClass> take(const NodeClass& from);
void put(const cox::NodeShare& from, NodeShare* to);
Result<cox::NodeShare> take(const NodeShare& from);
void put(const cox::Allocation& from, Allocation* to);
Result<cox::Allocation> take(const Allocation& from);
void put(const cox::Usage& from, Usage* to);
cox::Usage take(const Usage& from);
void put(const cox::StepResult& from, StepResult* to);
Result<cox::StepResult> take(const StepResult& from);
void put(const cox::ProgramSettings& from, ProgramSettings* to);
Result<cox::ProgramSettings> take(const ProgramSettings& from);
void put(const cox::Settings& from, Settings* to);
Result<cox::Settings> take(const Settings& from);
void put(const cox::StepKey& from, StepKey* to);
cox::StepKey take(const StepKey& from);
void put(const cox::Hash& from, std::string* to);
Result<cox::Hash> take_hash(const std::string& from);
void put(const cox::Error& from, Error* to);
cox::Error take(const Error& from);

/// Hash of a script, an environment or a class: BLAKE2b-256.
cox::Hash hash_bytes(std::string_view bytes);
/// The class's hash over its canonical text, so that equal hardware gives equal classes.
cox::Hash hash_class(const cox::NodeClass& node_class);

}  // namespace cox::wire
