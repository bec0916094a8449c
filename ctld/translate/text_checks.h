// What texts of users have to be: they stand in listings, messages and names of files. A submit and
// an update are held to the same.
#pragma once

#include <map>
#include <string>

#include "common/result.h"
#include "model/job_request.h"

namespace cox::ctld {

/// A name stands in one line of every listing, and in names of files by %x. `what` begins the
/// complaint: "--job-name".
Result<void> check_name(const std::string& name, const std::string& what);
/// Nothing in it that a terminal would not show as it is.
Result<void> check_printable(const std::string& text, const std::string& what);
/// The labels, and the words that choose account, qos and partitions.
Result<void> check_words(const JobCommon& common);

}  // namespace cox::ctld
