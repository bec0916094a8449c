// journal.db: the commit, loading. Only the store thread calls it once the loop runs.
#include "ctld/store/sqlite_store.h"

#include <array>
#include <optional>
#include <utility>

#include "common/text.h"
#include "ctld/store/journal_rows.h"
#include "ctld/store/log_vfs.h"
#include "ctld/store/own_files.h"
#include "ctld/store/record.h"
#include "ctld/store/sqlite.h"

namespace cox::ctld {

namespace {

std::string_view view(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size()};
}

Failure at_row(std::uint64_t sequence, const std::string& what) {
  return fail(Code::internal, "journal: sequence " + std::to_string(sequence) + ": " + what);
}

struct JournalStatements {
  Statement begin, commit, roll_back, epoch, set_epoch, add_batch, add_blob, find_blob, cut,
      drop_blob, list_blobs;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(std::unique_ptr<LogVfs> log,
              Database database,
              JournalStatements statements,
              const std::string& path)
      : log_(std::move(log)),
        database_(std::move(database)),
        sql_(std::move(statements)),
        files_(path) {
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
    return done ? check_files() : done;
  }

  Result<void> load(std::uint64_t sequence, const Visitor& visit) override {
    const auto found = list_journal_rows(database_.get());
    if (!found) return tl::unexpected(found.error());
    if (found->is_damaged) damage_.emplace();
    auto body = Statement::prepare(database_.get(), "SELECT body FROM batch WHERE first_seq = ?1");
    if (!body) return tl::unexpected(body.error());
    for (const JournalRow& row : found->rows) {
      if (row.first + row.count <= sequence + 1) continue;
      // Facts that were cut, or never reached this file: what follows cannot be understood.
      if (row.first > sequence + 1 && &row == found->rows.data()) {
        return begins_late(row, sequence);
      }
      if (auto done = visit_missing(row.first, &sequence, visit); !done) return done;
      if (auto done = visit_row(*body, row, &sequence, visit); !done) return done;
    }
    return found->has_lost_tail ? visit_lost_tail(sequence, visit) : Result<void>{};
  }

  std::optional<JournalDamage> damage() const override { return damage_; }

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

  Result<std::vector<Hash>> list_blobs(const Hash& after, std::size_t most) override {
    std::vector<Hash> found;
    sql_.list_blobs.bind(1, view(after));
    sql_.list_blobs.bind(2, most);
    auto row = sql_.list_blobs.step();
    for (; row && *row; row = sql_.list_blobs.step()) {
      const std::string_view bytes = sql_.list_blobs.column_bytes(0);
      Hash hash;
      if (bytes.size() != hash.bytes.size()) continue;
      std::ranges::copy(bytes, hash.bytes.begin());
      found.push_back(hash);
    }
    sql_.list_blobs.reset();
    if (!row) return tl::unexpected(row.error());
    return found;
  }

  Result<bool> cut(std::uint64_t sequence, std::size_t rows_max) override {
    sql_.cut.bind(1, sequence);
    sql_.cut.bind(2, rows_max);
    const auto done = without_sync([this] { return sql_.cut.run(); });
    if (!done) return tl::unexpected(done.error());
    return static_cast<std::size_t>(sqlite3_changes(database_.get())) < rows_max;
  }

  Result<void> drop_blobs(const std::vector<Hash>& hashes) override {
    return without_sync([&]() -> Result<void> {
      for (const Hash& hash : hashes) {
        sql_.drop_blob.bind(1, view(hash));
        if (auto done = sql_.drop_blob.run(); !done) return done;
      }
      return {};
    });
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

  /// What was committed to a file without a name would be found by nobody. Where only the log is
  /// gone, the database still takes what stands in it.
  Result<void> check_files() {
    auto there = files_.check();
    if (!there) static_cast<void>(tidy());
    return there;
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

  /// A transaction that need not last by itself: the next commit's sync takes it along.
  template <class Work>
  Result<void> without_sync(Work work) {
    // Not prepared: this pragma works while it is compiled, not when it is run.
    if (auto done = execute(database_.get(), "PRAGMA synchronous = NORMAL"); !done) return done;
    auto done = sql_.begin.run();
    if (done) done = work();
    if (done) done = sql_.commit.run();
    if (!done) sql_.roll_back.run();
    const auto restored = execute(database_.get(), "PRAGMA synchronous = FULL");
    return done ? restored : done;
  }

  static Failure begins_late(const JournalRow& first, std::uint64_t sequence) {
    return at_row(sequence + 1, "is missing: the journal begins at " + std::to_string(first.first) +
                                    "; put back the state.db that belongs to it");
  }

  static Result<void> visit_missing(std::uint64_t end,
                                    std::uint64_t* sequence,
                                    const Visitor& visit) {
    const std::uint64_t first = *sequence + 1;
    if (first >= end) return {};
    *sequence = end - 1;
    return visit(FoundRecord{first, Epoch{}, {}, false, end - first});
  }

  /// As a mended journal is visited: a gap, and a record that says nothing.
  Result<void> visit_lost_tail(std::uint64_t sequence, const Visitor& visit) {
    damage_->lost_tail = sequence + lost_tail_records;
    if (auto done = visit_missing(damage_->lost_tail, &sequence, visit); !done) return done;
    return visit(FoundRecord{damage_->lost_tail, Epoch{}, {}, false});
  }

  /// Records up to `sequence` are skipped.
  Result<void> visit_row(Statement& find,
                         const JournalRow& row,
                         std::uint64_t* sequence,
                         const Visitor& visit) {
    find.bind(1, row.first);
    const auto found = find.step();
    if (!found && !damage_.has_value()) damage_.emplace();
    const std::string_view body = found && *found ? find.column_bytes(0) : std::string_view{};
    std::uint64_t next = row.first;
    auto done = for_each_record_left(body, row.count,
                                     [&](std::string_view bytes, bool is_whole) -> Result<void> {
                                       const FoundRecord record{next++, row.epoch, bytes, is_whole};
                                       if (record.sequence <= *sequence) return {};
                                       *sequence = record.sequence;
                                       return visit(record);
                                     });
    find.reset();
    return done;
  }

  std::unique_ptr<LogVfs> log_;  // first: the database goes before it
  Database database_;
  JournalStatements sql_;
  OwnFiles files_;
  std::uint64_t log_pages_ = 0;
  std::optional<JournalDamage> damage_;
};

Result<JournalStatements> prepare_journal(sqlite3* database) {
  constexpr std::array texts = {"BEGIN IMMEDIATE",
                                "COMMIT",
                                "ROLLBACK",
                                "SELECT value FROM meta WHERE key = 'epoch'",
                                "UPDATE meta SET value = ?1 WHERE key = 'epoch'",
                                "INSERT INTO batch VALUES(?1, ?2, ?3, ?4)",
                                "INSERT OR IGNORE INTO blob VALUES(?1, ?2)",
                                "SELECT bytes FROM blob WHERE hash = ?1",
                                "DELETE FROM batch WHERE first_seq IN (SELECT first_seq FROM batch"
                                "  WHERE first_seq <= ?1 AND first_seq + count - 1 <= ?1"
                                "  ORDER BY first_seq LIMIT ?2)",
                                "DELETE FROM blob WHERE hash = ?1",
                                "SELECT hash FROM blob WHERE hash > ?1 ORDER BY hash LIMIT ?2"};
  std::vector<Statement> made;
  for (const char* text : texts) {
    auto statement = Statement::prepare(database, text);
    if (!statement) return tl::unexpected(statement.error());
    made.push_back(std::move(*statement));
  }
  return JournalStatements{std::move(made[0]), std::move(made[1]), std::move(made[2]),
                           std::move(made[3]), std::move(made[4]), std::move(made[5]),
                           std::move(made[6]), std::move(made[7]), std::move(made[8]),
                           std::move(made[9]), std::move(made[10])};
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& directory,
                                                 const SqliteOptions& options) {
  const std::string path = directory + "/journal.db";
  auto log = std::make_unique<LogVfs>(options.vfs);
  auto database = open_database_alone(path, {options.pages_max, log->name()});
  if (!database) return tl::unexpected(database.error());
  if (auto done = set_up_journal(database->get()); !done) {
    return in_file(path, done.error());
  }
  auto statements = prepare_journal(database->get());
  if (!statements) return in_file(path, statements.error());
  return std::make_unique<SqliteStore>(std::move(log), std::move(*database), std::move(*statements),
                                       path);
}

}  // namespace cox::ctld
