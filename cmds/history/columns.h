// How an ended attempt appears: columns for people, JSON for programs.
#pragma once

#include <vector>

#include "cmds/client/json.h"
#include "cmds/client/table.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// "42%" of `whole`; "-" when there is no whole.
std::string percent_text(double part, double whole);

const std::vector<Column<wire::HistoryEntry>>& history_columns();

void write_json(const wire::HistoryEntry& entry, JsonWriter* json);

}  // namespace cox::cmds
