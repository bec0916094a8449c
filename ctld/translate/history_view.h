// Queries of history.db and their rows, from and to messages.
#pragma once

#include <cstddef>
#include <vector>

#include "common/result.h"
#include "ctld/store/history.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// error: bad_usage names the value at fault or the limit
Result<HistoryFilter> translate_history_query(const wire::HistoryQuery& query);

/// As many entries as fit into about `bytes`, one at least; the cursor says where to go on.
void put_history(const HistoryPage& page, std::size_t bytes, wire::HistoryReply* to);

/// The row as the view of a job that is still in memory; `full`: with what history keeps of the
/// request, its own of `steps` (by key), and its share of each node.
void put_past_job(const AttemptRow& row,
                  const std::vector<StepRow>& steps,
                  bool full,
                  wire::JobView* to);

}  // namespace cox::ctld
