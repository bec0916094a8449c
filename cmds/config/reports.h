// What `cox config` prints, for people and for programs.
#pragma once

#include <string>

#include "cmds/client/json.h"
#include "cmds/client/parse.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

Result<int> report_check(const Parsed& given,
                         const std::string& file,
                         const wire::ClientReply& reply);
/// `is_done`: the changes are in force.
Result<int> report_changes(const Parsed& given, const wire::ClientReply& reply, bool is_done);
Result<int> report_history(const Parsed& given, const wire::ClientReply& reply);
Result<int> report_settings(const Parsed& given, const wire::ClientReply& reply);

/// The configuration, key by key as in the file.
void write_json(const wire::Settings& settings, JsonWriter* json);

}  // namespace cox::cmds
