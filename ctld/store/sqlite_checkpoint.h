// The checkpoint in SQLite: DIR/state.db, one row per chunk and generation. Only the thread that
// writes checkpoints calls it once the loop runs.
#pragma once

#include <memory>
#include <string>

#include "common/result.h"
#include "ctld/store/checkpoint_store.h"
#include "ctld/store/sqlite.h"

namespace cox::ctld {

/// Opens or makes DIR/state.db, and holds it alone until the store is destroyed.
/// error: refused when another process holds it or its format is unknown; internal names the file
/// and what SQLite said
Result<std::unique_ptr<CheckpointStore>> open_sqlite_checkpoint(const std::string& directory,
                                                                const SqliteOptions& options = {});

/// Renames state.db, which nobody has open, to state.db.unreadable, so that another can be begun.
/// error: internal
Result<void> set_checkpoint_aside(const std::string& directory);

}  // namespace cox::ctld
