// The journal in SQLite: one row per batch, one per blob, one for the epoch. A commit is one write
// to the log and one sync; moving the log into the database waits for an idle moment.
#pragma once

#include <memory>
#include <string>

#include "ctld/store/sqlite.h"
#include "ctld/store/store.h"

namespace cox::ctld {

/// Opens or makes DIR/journal.db, and holds it alone until the store is destroyed.
/// error: refused when another process holds it; internal names the file and what SQLite said
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& directory,
                                                 const SqliteOptions& options = {});

}  // namespace cox::ctld
