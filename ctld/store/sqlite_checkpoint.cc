// state.db: a chunk's row says in which generation it was written. Rows above the valid generation
// are of a checkpoint that was not finished; rows below the newest valid one of their chunk are
// old.
#include "ctld/store/sqlite_checkpoint.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace cox::ctld {

namespace {

// The unique index holds no bodies: keys can be listed where a body cannot be read.
constexpr const char* state_schema =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT OR IGNORE INTO meta VALUES('format', 1), ('generation', 0), ('sequence', 0);"
    "CREATE TABLE IF NOT EXISTS chunk(row INTEGER PRIMARY KEY, kind INTEGER NOT NULL,"
    "  number INTEGER NOT NULL, generation INTEGER NOT NULL, body BLOB NOT NULL,"
    "  UNIQUE(kind, number, generation));";
constexpr std::uint64_t state_format_known = 1;
// Moving the log into the file delays nobody but the next checkpoint, and keeps the log short.
constexpr const char* state_pragmas = "PRAGMA wal_autocheckpoint = 2000;";

struct StateStatements {
  Statement begin, commit, roll_back, put, abandon, set_meta, remove;
};

/// A row by its number, and the chunk whose newest valid row it is.
struct Place {
  ChunkKey key;
  std::uint64_t row = 0;
};

class SqliteCheckpoint final : public CheckpointStore {
 public:
  SqliteCheckpoint(Database database, StateStatements statements)
      : database_(std::move(database)), sql_(std::move(statements)) {}

  std::uint64_t sequence() const override { return sequence_; }

  /// Reads which rows count. Called once, at the opening.
  Result<void> find_places() {
    auto generation = meta("generation");
    auto sequence = meta("sequence");
    auto format = meta("format");
    for (const auto& read : {generation, sequence, format}) {
      if (!read) return tl::unexpected(read.error());
    }
    if (*format != state_format_known) {
      return fail(Code::refused, "format " + std::to_string(*format) + " is not known here");
    }
    generation_ = *generation;
    sequence_ = *sequence;
    return list_rows();
  }

  Result<void> load(const Visitor& visit) override {
    auto find =
        Statement::prepare(database_.get(), "SELECT length(body), body FROM chunk WHERE row = ?1");
    if (!find) return tl::unexpected(find.error());
    for (const Place& place : places_) {
      find->bind(1, place.row);
      const auto found = find->step();
      FoundChunk chunk{place.key, {}, found && *found};
      if (chunk.is_readable) chunk.body = find->column_bytes(1);
      // SQLite gives a body whose pages it cannot read back as none at all.
      if (chunk.is_readable && chunk.body.size() != find->column_u64(0)) chunk.is_readable = false;
      auto visited = visit(chunk);
      find->reset();
      if (!visited) return visited;
    }
    return {};
  }

  Result<void> put(const std::vector<Chunk>& chunks) override {
    return in_transaction(
        [&]() -> Result<void> {
          if (has_leftovers_) {
            sql_.abandon.bind(1, generation_);
            if (auto done = sql_.abandon.run(); !done) return done;
          }
          for (const Chunk& chunk : chunks) {
            sql_.put.bind(1, static_cast<std::uint64_t>(chunk.key.kind));
            sql_.put.bind(2, chunk.key.number);
            sql_.put.bind(3, generation_ + 1);
            sql_.put.bind(4, chunk.body);
            if (auto done = sql_.put.run(); !done) return done;
          }
          return {};
        },
        [&] {
          has_leftovers_ = false;
          for (const Chunk& chunk : chunks) written_.push_back(chunk.key);
        });
  }

  Result<void> make_valid(std::uint64_t sequence) override {
    return in_transaction(
        [&]() -> Result<void> {
          sql_.set_meta.bind(1, generation_ + 1);
          sql_.set_meta.bind(2, sequence);
          return sql_.set_meta.run();
        },
        [&] {
          ++generation_;
          sequence_ = sequence;
          old_.insert(old_.end(), written_.begin(), written_.end());
          written_.clear();
        });
  }

  Result<bool> clean(std::size_t rows_max) override {
    const std::size_t some = std::min(rows_max, old_.size());
    auto done = in_transaction(
        [&]() -> Result<void> {
          for (std::size_t i = old_.size() - some; i < old_.size(); ++i) {
            sql_.remove.bind(1, static_cast<std::uint64_t>(old_[i].kind));
            sql_.remove.bind(2, old_[i].number);
            sql_.remove.bind(3, generation_);
            if (auto removed = sql_.remove.run(); !removed) return removed;
          }
          return {};
        },
        [&] { old_.resize(old_.size() - some); });
    if (!done) return tl::unexpected(done.error());
    return old_.empty();
  }

  Result<void> abandon() override {
    has_leftovers_ = true;
    written_.clear();
    return {};
  }

 private:
  template <class Work, class Done>
  Result<void> in_transaction(Work work, Done done) {
    if (auto begun = sql_.begin.run(); !begun) return begun;
    auto result = work();
    if (result) result = sql_.commit.run();
    if (result) {
      done();
    } else {
      sql_.roll_back.run();
    }
    return result;
  }

  Result<std::uint64_t> meta(const char* key) {
    const std::string text = "SELECT value FROM meta WHERE key = '" + std::string(key) + "'";
    auto query = Statement::prepare(database_.get(), text.c_str());
    if (!query) return tl::unexpected(query.error());
    auto row = query->step();
    if (!row) return tl::unexpected(row.error());
    if (!*row) return fail(Code::internal, std::string("no ") + key);
    return query->column_u64(0);
  }

  /// The newest valid row of each chunk; what a crash left beside it is noted for clean().
  Result<void> list_rows() {
    auto rows = Statement::prepare(database_.get(),
                                   "SELECT kind, number, generation, row FROM chunk "
                                   "ORDER BY kind, number, generation");
    if (!rows) return tl::unexpected(rows.error());
    for (;;) {
      const auto row = rows->step();
      if (!row) return tl::unexpected(row.error());
      if (!*row) return {};
      const ChunkKey key{static_cast<ChunkKind>(rows->column_u64(0)), rows->column_u64(1)};
      if (rows->column_u64(2) > generation_) {
        has_leftovers_ = true;
        continue;
      }
      if (!places_.empty() && places_.back().key == key) {
        old_.push_back(key);
        places_.pop_back();
      }
      places_.push_back({key, rows->column_u64(3)});
    }
  }

  Database database_;
  StateStatements sql_;
  std::uint64_t generation_ = 0;
  std::uint64_t sequence_ = 0;
  std::vector<Place> places_;      // as found at the opening
  std::vector<ChunkKey> written_;  // of the next generation
  std::vector<ChunkKey> old_;      // have rows that no checkpoint needs
  bool has_leftovers_ = false;     // of a generation that was not finished
};

Result<StateStatements> prepare_state_statements(sqlite3* database) {
  constexpr std::array texts = {
      "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK",
      "INSERT INTO chunk(kind, number, generation, body) "
      "VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET body = ?4",
      "DELETE FROM chunk WHERE generation > ?1",
      "UPDATE meta SET value = CASE key WHEN 'generation' THEN ?1 ELSE ?2 END"
      "  WHERE key IN ('generation', 'sequence')",
      // An empty body says that nothing is left: it goes with the rest.
      "DELETE FROM chunk WHERE kind = ?1 AND number = ?2 AND"
      " (generation < (SELECT max(generation) FROM chunk WHERE kind = ?1"
      "  AND number = ?2 AND generation <= ?3) OR"
      "  (generation <= ?3 AND length(body) = 0))"};
  std::vector<Statement> made;
  for (const char* text : texts) {
    auto statement = Statement::prepare(database, text);
    if (!statement) return tl::unexpected(statement.error());
    made.push_back(std::move(*statement));
  }
  return StateStatements{std::move(made[0]), std::move(made[1]), std::move(made[2]),
                         std::move(made[3]), std::move(made[4]), std::move(made[5]),
                         std::move(made[6])};
}

Result<std::unique_ptr<CheckpointStore>> set_up(Database database) {
  for (const char* text : {state_pragmas, state_schema}) {
    if (auto done = execute(database.get(), text); !done) return tl::unexpected(done.error());
  }
  auto statements = prepare_state_statements(database.get());
  if (!statements) return tl::unexpected(statements.error());
  auto made = std::make_unique<SqliteCheckpoint>(std::move(database), std::move(*statements));
  if (auto done = made->find_places(); !done) return tl::unexpected(done.error());
  return made;
}

}  // namespace

std::string to_text(ChunkKey key) {
  constexpr std::array names = {"header", "jobs", "nodes", "classes"};
  const auto kind = static_cast<std::size_t>(key.kind);
  return std::string(kind < names.size() ? names.at(kind) : "unknown") + " " +
         std::to_string(key.number);
}

Result<std::unique_ptr<CheckpointStore>> open_sqlite_checkpoint(const std::string& directory,
                                                                const SqliteOptions& options) {
  const std::string path = directory + "/state.db";
  auto database = open_database_alone(path, options);
  if (!database) return tl::unexpected(database.error());
  auto made = set_up(std::move(*database));
  if (!made) return in_file(path, made.error());
  return made;
}

Result<void> set_checkpoint_aside(const std::string& directory) {
  const std::string from = directory + "/state.db", to = from + ".unreadable";
  for (const char* part : {"-wal", "-shm", ""}) {
    if (std::rename((from + part).c_str(), (to + part).c_str()) == 0 || errno == ENOENT) continue;
    return fail(Code::internal, "rename " + from + part + ": " + std::strerror(errno));
  }
  return {};
}

}  // namespace cox::ctld
