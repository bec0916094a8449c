// core::Fact to and from the bytes of a journal record. Reading checks what it reads: a journal
// that passes its checksums but names an impossible value is refused, not guessed at.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "core/fact.h"

namespace cox::ctld {

/// Appends the record's bytes to `out`.
void encode_fact(const core::Fact& fact, std::string* out);

/// error: internal says which field is impossible, or that the kind of fact is unknown
Result<core::Fact> decode_fact(std::string_view bytes);

/// The job that a record is about (core::job_of), also where the rest of it is damaged or of a kind
/// not known here; 0 when it names none.
JobId job_of_record(std::string_view bytes);

/// The fact's name as in core/fact.h, for logs and golden files: "JobSubmitted".
std::string_view fact_name(const core::Fact& fact);

}  // namespace cox::ctld
