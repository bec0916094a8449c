// What journal.db holds, as far as it can be read: shared by the store and by those who mend it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/result.h"
#include "ctld/store/sqlite.h"
#include "model/ids.h"

namespace cox::ctld {

/// What of a batch has to be known to visit its records.
struct JournalRow {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  Epoch epoch;
};

struct JournalRows {
  std::vector<JournalRow> rows;
  bool is_damaged = false;     // some cannot be read
  bool has_lost_tail = false;  // nor is it known how many came after the last
};

/// Makes the tables that are missing. error: refused names a format that is not known
Result<void> set_up_journal(sqlite3* database);
/// Rows from both ends where the middle of the tree cannot be read; bodies are left alone.
/// error: none can be read
Result<JournalRows> list_journal_rows(sqlite3* database);

}  // namespace cox::ctld
