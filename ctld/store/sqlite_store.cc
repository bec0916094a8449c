// journal.db: schema, the commit, loading. Only the store thread calls it once the loop runs.
#include "ctld/store/sqlite_store.h"

#include <array>
#include <optional>
#include <utility>

#include "common/text.h"
#include "ctld/store/record.h"
#include "ctld/store/sqlite.h"

namespace cox::ctld {

namespace {

// Exclusive locking before anything is read: two controllers cannot share a state directory, and
// the log's index needs no shared memory. wal_autocheckpoint = 0 keeps checkpoints off commits.
constexpr const char* pragmas =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0;";
constexpr const char* schema =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO meta VALUES('format', 1), ('epoch', 0);"
    "CREATE TABLE IF NOT EXISTS batch(first_seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL,"
    "  count INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS blob(hash BLOB PRIMARY KEY, bytes BLOB NOT NULL);";
constexpr std::uint64_t format_known = 1;

std::string_view view(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()};
}

Failure at_sequence(std::uint64_t sequence, const std::string& what) {
  return fail(Code::internal, "journal: sequence " + std::to_string(sequence) + ": " + what);
}

struct Statements {
  Statement begin, commit, roll_back, epoch, set_epoch, add_batch, add_blob, find_blob;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(Database database, Statements statements)
      : database_(std::move(database)), sql_(std::move(statements)) {
    sqlite3_wal_hook(database_.get(), &SqliteStore::note_log, this);
  }

  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  Result<void> append(const std::vector<Batch>& batches) override {
    if (auto begun = sql_.begin.run(); !begun) return begun;
    auto done = write(batches);
    if (done) done = sql_.commit.run();
    // A failed commit may have ended the transaction by itself; then this complains in vain.
    if (!done) sql_.roll_back.run();
    return done;
  }

  Result<void> load(const Visitor& visit) override {
    auto rows = Statement::prepare(database_.get(),
                                   "SELECT first_seq, count, body FROM batch ORDER BY first_seq");
    if (!rows) return tl::unexpected(rows.error());
    for (std::uint64_t expected = 1;;) {
      auto row = rows->step();
      if (!row) return at_sequence(expected, row.error().message);
      if (!*row) return {};
      if (rows->column_u64(0) != expected) return at_sequence(expected, "is missing");
      if (auto read = load_batch(*rows, &expected, visit); !read) return read;
    }
  }

  Result<std::string> read_blob(const Hash& hash) override {
    sql_.find_blob.bind(1, view(hash));
    auto row = sql_.find_blob.step();
    std::optional<std::string> bytes;
    if (row && *row) bytes.emplace(sql_.find_blob.column_bytes(0));
    sql_.find_blob.reset();
    if (!row) return tl::unexpected(row.error());
    if (!bytes) return fail(Code::not_found, "no blob " + to_hex(view(hash)));
    return std::move(*bytes);
  }

  Result<void> tidy() override {
    const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               nullptr, nullptr);
    if (code != SQLITE_OK) return sqlite_failure(database_.get(), "checkpoint");
    log_pages_ = 0;
    return {};
  }

  std::uint64_t untidy_bytes() const override { return log_pages_ * page_bytes; }

 private:
  static constexpr std::uint64_t page_bytes = 4096;

  static int note_log(void* self, sqlite3*, const char*, int pages) {
    static_cast<SqliteStore*>(self)->log_pages_ = static_cast<std::uint64_t>(pages);
    return SQLITE_OK;
  }

  Result<void> write(const std::vector<Batch>& batches) {
    for (const Batch& batch : batches) {
      if (auto fenced = check_epoch(batch.epoch); !fenced) return fenced;
      for (const Blob& blob : batch.blobs) {
        sql_.add_blob.bind(1, view(blob.hash));
        sql_.add_blob.bind(2, *blob.bytes);
        if (auto added = sql_.add_blob.run(); !added) return added;
      }
      if (batch.count == 0) continue;
      sql_.add_batch.bind(1, batch.first_sequence);
      sql_.add_batch.bind(2, batch.epoch.value);
      sql_.add_batch.bind(3, batch.count);
      sql_.add_batch.bind(4, batch.records);
      if (auto added = sql_.add_batch.run(); !added) return added;
    }
    return {};
  }

  /// Inside the transaction: what another controller wrote meanwhile is seen.
  Result<void> check_epoch(Epoch epoch) {
    auto row = sql_.epoch.step();
    const std::uint64_t stored = row && *row ? sql_.epoch.column_u64(0) : 0;
    sql_.epoch.reset();
    if (!row) return tl::unexpected(row.error());
    if (stored == epoch.value) return {};
    if (stored > epoch.value) {
      return fail(Code::refused, "epoch " + std::to_string(epoch.value) +
                                     " was replaced by epoch " + std::to_string(stored));
    }
    sql_.set_epoch.bind(1, epoch.value);
    return sql_.set_epoch.run();
  }

  static Result<void> load_batch(const Statement& row,
                                 std::uint64_t* sequence,
                                 const Visitor& visit) {
    const std::uint64_t end = *sequence + row.column_u64(1);
    auto read = for_each_record(row.column_bytes(2), [&](std::string_view record) -> Result<void> {
      if (*sequence == end) return fail(Code::internal, "the batch holds more than it says");
      auto visited = visit(*sequence, record);
      if (visited) ++*sequence;
      return visited;
    });
    if (!read) return at_sequence(*sequence, read.error().message);
    if (*sequence != end) return at_sequence(*sequence, "the batch holds less than it says");
    return {};
  }

  Database database_;
  Statements sql_;
  std::uint64_t log_pages_ = 0;
};

Result<Statements> prepare_all(sqlite3* database) {
  constexpr std::array texts = {"BEGIN IMMEDIATE",
                                "COMMIT",
                                "ROLLBACK",
                                "SELECT value FROM meta WHERE key = 'epoch'",
                                "UPDATE meta SET value = ?1 WHERE key = 'epoch'",
                                "INSERT INTO batch VALUES(?1, ?2, ?3, ?4)",
                                "INSERT OR IGNORE INTO blob VALUES(?1, ?2)",
                                "SELECT bytes FROM blob WHERE hash = ?1"};
  std::vector<Statement> made;
  for (const char* text : texts) {
    auto statement = Statement::prepare(database, text);
    if (!statement) return tl::unexpected(statement.error());
    made.push_back(std::move(*statement));
  }
  return Statements{std::move(made[0]), std::move(made[1]), std::move(made[2]), std::move(made[3]),
                    std::move(made[4]), std::move(made[5]), std::move(made[6]), std::move(made[7])};
}

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

Result<void> set_up(sqlite3* database, const SqliteOptions& options) {
  if (auto done = execute(database, pragmas); !done) return done;
  if (auto done = execute(database, schema); !done) return done;
  if (options.pages_max != 0) {
    const std::string quota = "PRAGMA max_page_count = " + std::to_string(options.pages_max);
    if (auto done = execute(database, quota.c_str()); !done) return done;
  }
  return check_format(database);
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& directory,
                                                 const SqliteOptions& options) {
  const std::string path = directory + "/journal.db";
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(opened);
  if (code != SQLITE_OK) return sqlite_failure(opened, path);
  sqlite3_extended_result_codes(opened, 1);
  if (auto done = set_up(opened, options); !done) {
    if (sqlite3_errcode(opened) == SQLITE_BUSY) {
      return fail(Code::refused, path + ": another controller holds it");
    }
    return tl::unexpected(done.error().with_context(path));
  }
  auto statements = prepare_all(opened);
  if (!statements) return tl::unexpected(statements.error().with_context(path));
  return std::make_unique<SqliteStore>(std::move(database), std::move(*statements));
}

}  // namespace cox::ctld
