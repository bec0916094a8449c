// See journal_mend.h. The damaged file gets a second name before the new one takes its place: there
// is a journal at each moment.
#include "ctld/store/journal_mend.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "ctld/store/journal_rows.h"
#include "platform/descriptor.h"
#include "platform/file.h"

namespace cox::ctld {
namespace {

Result<std::uint64_t> read_epoch(sqlite3* database) {
  auto query = Statement::prepare(database, "SELECT value FROM meta WHERE key = 'epoch'");
  if (!query) return tl::unexpected(query.error());
  const auto row = query->step();
  if (!row) return tl::unexpected(row.error());
  return *row ? query->column_u64(0) : 0;
}

/// Copies the row that `find` finds for `key`; one that cannot be read is left out.
Result<void> copy_row(Statement& find, Statement& add, std::uint64_t key, int columns) {
  find.bind(1, key);
  const auto row = find.step();
  Result<void> done;
  if (row && *row) {
    for (int column = 0; column + 1 < columns; ++column) {
      add.bind(column + 1, find.column_u64(column));
    }
    add.bind(columns, find.column_bytes(columns - 1));
    done = add.run();
  }
  find.reset();
  return done;
}

Result<void> copy_batches(sqlite3* from, sqlite3* to) {
  const auto found = list_journal_rows(from);
  if (!found) return tl::unexpected(found.error());
  auto find = Statement::prepare(
      from, "SELECT first_seq, epoch, count, body FROM batch WHERE first_seq = ?1");
  auto add = Statement::prepare(to, "INSERT INTO batch VALUES(?1, ?2, ?3, ?4)");
  if (!find || !add) return tl::unexpected(find ? add.error() : find.error());
  for (const JournalRow& row : found->rows) {
    if (auto done = copy_row(*find, *add, row.first, 4); !done) return done;
  }
  return {};
}

/// Row numbers from both ends, as far as they can be read.
Result<std::vector<std::uint64_t>> list_contents(sqlite3* database) {
  std::vector<std::uint64_t> found;
  for (const char* query : {"SELECT rowid FROM blob NOT INDEXED ORDER BY rowid",
                            "SELECT rowid FROM blob NOT INDEXED ORDER BY rowid DESC"}) {
    const std::uint64_t known = found.empty() ? 0 : found.back();
    auto statement = Statement::prepare(database, query);
    if (!statement) return tl::unexpected(statement.error());
    auto row = statement->step();
    for (; row && *row && statement->column_u64(0) > known; row = statement->step()) {
      found.push_back(statement->column_u64(0));
    }
    if (row) break;  // to the end, or down to what is known
  }
  return found;
}

Result<void> copy_contents(sqlite3* from, sqlite3* to) {
  const auto contents = list_contents(from);
  if (!contents) return tl::unexpected(contents.error());
  auto find = Statement::prepare(from, "SELECT hash, bytes FROM blob NOT INDEXED WHERE rowid = ?1");
  auto add = Statement::prepare(to, "INSERT OR IGNORE INTO blob VALUES(?1, ?2)");
  if (!find || !add) return tl::unexpected(find ? add.error() : find.error());
  for (const std::uint64_t row : *contents) {
    find->bind(1, row);
    const auto found = find->step();
    Result<void> done;
    if (found && *found) {
      add->bind(1, find->column_bytes(0));
      add->bind(2, find->column_bytes(1));
      done = add->run();
    }
    find->reset();
    if (!done) return done;
  }
  return {};
}

/// Stands for the facts after the last that can be read: nobody knows how many there were.
Result<void> add_lost_tail(sqlite3* to, std::uint64_t last, std::uint64_t epoch) {
  auto add = Statement::prepare(to, "INSERT INTO batch VALUES(?1, ?2, 1, x'')");
  if (!add) return tl::unexpected(add.error());
  add->bind(1, last);
  add->bind(2, epoch);
  return add->run();
}

Result<void> copy_journal(sqlite3* from, sqlite3* to, const JournalDamage& damage) {
  const auto epoch = read_epoch(from);
  if (!epoch) return tl::unexpected(epoch.error());
  if (auto done = set_up_journal(to); !done) return done;
  if (auto done = execute(to, "BEGIN IMMEDIATE"); !done) return done;
  auto set_epoch = Statement::prepare(to, "UPDATE meta SET value = ?1 WHERE key = 'epoch'");
  if (!set_epoch) return tl::unexpected(set_epoch.error());
  set_epoch->bind(1, *epoch);
  if (auto done = set_epoch->run(); !done) return done;
  if (auto done = copy_batches(from, to); !done) return done;
  if (auto done = copy_contents(from, to); !done) return done;
  if (damage.lost_tail != 0) {
    if (auto done = add_lost_tail(to, damage.lost_tail, *epoch); !done) return done;
  }
  return execute(to, "COMMIT");
}

/// The log goes into the file, so that the file is all there is.
Result<void> close_whole(Database database, const std::string& path) {
  const auto done = execute(database.get(), "PRAGMA wal_checkpoint(TRUNCATE)");
  database.reset();
  if (!done) return in_file(path, done.error());
  return {};
}

/// Without it the next start might find the damaged file again, and none of the new facts.
Result<void> sync_names(const std::string& directory) {
  const platform::Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.is_open() && ::fsync(opened.get()) == 0) return {};
  return Failure(platform::system_error("sync " + directory, errno));
}

Result<void> put_in_place(const std::string& path, const std::string& mended) {
  const std::string kept = path + ".unreadable";
  if (auto done = platform::remove_path(kept); !done) return done;
  if (::link(path.c_str(), kept.c_str()) != 0) {
    return Failure(platform::system_error("link " + path, errno));
  }
  if (std::rename(mended.c_str(), path.c_str()) != 0) {
    return Failure(platform::system_error("rename " + mended, errno));
  }
  return {};
}

}  // namespace

Result<void> mend_journal(const std::string& directory,
                          const JournalDamage& damage,
                          const SqliteOptions& options) {
  const std::string path = directory + "/journal.db", mended = path + ".mended";
  for (const char* part : {"", "-wal", "-shm"}) {
    if (auto done = platform::remove_path(mended + part); !done) return done;
  }
  auto from = open_database_alone(path, options);
  if (!from) return tl::unexpected(from.error());
  auto to = open_database_alone(mended, options);
  if (!to) return tl::unexpected(to.error());
  if (auto done = copy_journal(from->get(), to->get(), damage); !done) {
    return in_file(mended, done.error());
  }
  if (auto done = close_whole(std::move(*to), mended); !done) return done;
  if (auto done = close_whole(std::move(*from), path); !done) return done;
  if (auto done = put_in_place(path, mended); !done) return done;
  return sync_names(directory);
}

}  // namespace cox::ctld
