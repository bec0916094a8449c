// Parts of a job request that most jobs do not have, to and from their protobuf form. For
// job_codec.cc only.
#pragma once

#include "model/job_request.h"
#include "wire/check.h"
#include "wire/model.pb.h"

namespace cox::wire {

void put_terms(const cox::JobTerms& from, JobRequest* to);
cox::JobTerms take_terms(const JobRequest& from, Check& check);
bool has_terms(const JobRequest& from);
/// Constraint, preference, licences.
void put_wishes(const cox::JobCommon& from, JobRequest* to);
void take_wishes(const JobRequest& from, cox::JobCommon& to, Check& check);
/// Signal before the limit, and retries.
void put_manners(const cox::JobCommon& from, JobRequest* to);
void take_manners(const JobRequest& from, cox::JobCommon& to, Check& check);

}  // namespace cox::wire
