// A journal with pages that cannot be read can hardly be written either: it is made anew from what
// can be read. Spec: docs/adr/0011-quarantine.md
#pragma once

#include <string>

#include "common/result.h"
#include "ctld/store/sqlite.h"
#include "ctld/store/store.h"

namespace cox::ctld {

/// Puts into DIR/journal.db's place one that holds what can be read of it, and keeps the damaged
/// file as journal.db.unreadable. Load of the new one visits what load of the old did. May be
/// called again after a crash at any moment. The journal is open nowhere.
/// error: internal, storage_full; then the old one is where it was
Result<void> mend_journal(const std::string& directory,
                          const JournalDamage& damage,
                          const SqliteOptions& options = {});

}  // namespace cox::ctld
