// See journal_rows.h.
#include "ctld/store/journal_rows.h"

#include <string>

namespace cox::ctld {
namespace {

constexpr const char* schema =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO meta VALUES('format', 1), ('epoch', 0);"
    "CREATE TABLE IF NOT EXISTS batch(first_seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL,"
    "  count INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS blob(hash BLOB PRIMARY KEY, bytes BLOB NOT NULL);";
constexpr std::uint64_t format_known = 1;
constexpr std::uint64_t batch_records_max = 1U << 30;  // above, the row itself is damaged

Result<void> check_format(sqlite3* database) {
  auto query = Statement::prepare(database, "SELECT value FROM meta WHERE key = 'format'");
  if (!query) return tl::unexpected(query.error());
  auto row = query->step();
  if (!row) return tl::unexpected(row.error());
  const std::uint64_t format = *row ? query->column_u64(0) : 0;
  if (format != format_known) {
    return fail(Code::refused, "format " + std::to_string(format) + " is not known here");
  }
  return {};
}

Result<void> read_rows(sqlite3* database,
                       const char* query,
                       std::uint64_t above,
                       std::vector<JournalRow>* rows) {
  auto statement = Statement::prepare(database, query);
  if (!statement) return tl::unexpected(statement.error());
  for (;;) {
    const auto row = statement->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row || statement->column_u64(0) <= above) return {};
    const std::uint64_t count = statement->column_u64(1);
    if (count == 0 || count > batch_records_max) continue;
    rows->push_back({statement->column_u64(0), static_cast<std::uint32_t>(count),
                     Epoch(statement->column_u64(2))});
  }
}

}  // namespace

Result<void> set_up_journal(sqlite3* database) {
  if (auto done = execute(database, schema); !done) return done;
  return check_format(database);
}

Result<JournalRows> list_journal_rows(sqlite3* database) {
  JournalRows found;
  const auto read = read_rows(
      database, "SELECT first_seq, count, epoch FROM batch ORDER BY first_seq", 0, &found.rows);
  if (read) return found;
  const std::uint64_t known = found.rows.empty() ? 0 : found.rows.back().first;
  std::vector<JournalRow> later;
  static_cast<void>(read_rows(database,
                              "SELECT first_seq, count, epoch FROM batch ORDER BY first_seq DESC",
                              known, &later));
  if (found.rows.empty() && later.empty()) return tl::unexpected(read.error());
  found.is_damaged = true;
  found.has_lost_tail = later.empty();
  found.rows.insert(found.rows.end(), later.rbegin(), later.rend());
  return found;
}

}  // namespace cox::ctld
