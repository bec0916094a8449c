// The writer of history.db. Readers of other processes may have the file open at the same time, so
// it is not locked exclusively: a lock that they hold is waited for, then tried again by the
// caller.
#include <array>
#include <string_view>
#include <utility>

#include "ctld/store/history.h"
#include "ctld/store/history_columns.h"
#include "ctld/store/history_schema.h"
#include "ctld/store/sqlite.h"

namespace cox::ctld {

namespace {

// synchronous = FULL: what sequence() says must hold after a power cut, since the journal is cut
// by it. Commits are few, each of many rows, and on a thread of their own.
constexpr const char* pragmas =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA journal_size_limit = 16777216;"
    "PRAGMA busy_timeout = 1000;";

/// Binds a row's columns in order, from 1.
class Binder {
 public:
  explicit Binder(Statement& statement) : statement_(statement) {}

  void operator()(const char*, const std::string& text) { statement_.bind_text(++at_, text); }

  void operator()(const char*, bool value) { statement_.bind(++at_, value ? 1U : 0U); }

  void operator()(const char*, const std::optional<Uid>& uid) {
    ++at_;
    if (uid) {
      statement_.bind(at_, std::uint64_t{*uid});
    } else {
      statement_.bind_null(at_);
    }
  }

  template <class Number>
  requires std::is_integral_v<Number>

  void operator()(const char*, Number value) {
    statement_.bind(++at_, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
  }

 private:
  Statement& statement_;
  int at_ = 0;
};

template <class Row, class ForEach>
std::string insert_text(const char* table, Row row, ForEach for_each) {
  std::string names;
  std::string places;
  for_each(row, [&](const char* name, const auto&) {
    names += (names.empty() ? "" : ",") + std::string(name);
    places += places.empty() ? "?" : ",?";
  });
  return "INSERT OR REPLACE INTO " + std::string(table) + "(" + names + ") VALUES(" + places + ")";
}

struct Statements {
  Statement begin, commit, roll_back, set_sequence, add_attempt, add_step, drop_labels, add_label;
};

class SqliteHistory final : public HistoryStore {
 public:
  SqliteHistory(Database database,
                Statements statements,
                std::uint64_t sequence,
                const HistoryOptions& options)
      : database_(std::move(database)),
        sql_(std::move(statements)),
        sequence_(sequence),
        group_name_(options.group_name) {}

  Result<void> append(const std::vector<std::shared_ptr<const HistoryRows>>& rows) override {
    if (rows.empty()) return {};
    if (auto begun = sql_.begin.run(); !begun) return begun;
    auto done = write(rows);
    if (done) done = sql_.commit.run();
    // A failed commit may have ended the transaction by itself; then this complains in vain.
    if (!done) {
      sql_.roll_back.run();
    } else {
      sequence_ = rows.back()->last_sequence;
    }
    return done;
  }

  std::uint64_t sequence() const override { return sequence_; }

 private:
  Result<void> write(const std::vector<std::shared_ptr<const HistoryRows>>& all) {
    for (const auto& rows : all) {
      for (const AttemptRow& row : rows->attempts) {
        if (auto done = write(row); !done) return done;
      }
      for (const StepRow& row : rows->steps) {
        for_each_step_column(row, Binder(sql_.add_step));
        if (auto done = sql_.add_step.run(); !done) return done;
      }
    }
    sql_.set_sequence.bind(1, all.back()->last_sequence);
    return sql_.set_sequence.run();
  }

  Result<void> write(const AttemptRow& row) {
    for_each_attempt_column(row, Binder(sql_.add_attempt));
    const std::string& group = row.group.empty() ? group_of(row.gid) : row.group;
    sql_.add_attempt.bind_text(group_column_, group);
    if (auto done = sql_.add_attempt.run(); !done) return done;
    bind_key(sql_.drop_labels, row);
    if (auto done = sql_.drop_labels.run(); !done) return done;
    for (const auto& [key, value] : row.labels) {
      bind_key(sql_.add_label, row);
      sql_.add_label.bind_text(3, key);
      sql_.add_label.bind_text(4, value);
      if (auto done = sql_.add_label.run(); !done) return done;
    }
    return {};
  }

  static void bind_key(Statement& statement, const AttemptRow& row) {
    statement.bind(1, row.job.value);
    statement.bind(2, std::uint64_t{row.attempt.value});
  }

  const std::string& group_of(std::uint32_t gid) {
    const auto [found, is_new] = groups_.try_emplace(gid);
    if (is_new && group_name_) found->second = group_name_(gid);
    return found->second;
  }

  static int place_of_group() {
    int at = 0;
    int found = 0;
    AttemptRow row;
    for_each_attempt_column(row, [&](const std::string& name, const auto&) {
      ++at;
      if (name == "group_name") found = at;
    });
    return found;
  }

  Database database_;  // first: statements go before it
  Statements sql_;
  std::uint64_t sequence_;
  std::function<std::string(std::uint32_t)> group_name_;
  std::map<std::uint32_t, std::string> groups_;
  int group_column_ = place_of_group();
};

Result<Statements> prepare_all(sqlite3* database) {
  const auto attempt = [](auto& row, auto visit) { for_each_attempt_column(row, visit); };
  const auto step = [](auto& row, auto visit) { for_each_step_column(row, visit); };
  const std::array<std::string, 8> texts = {"BEGIN IMMEDIATE",
                                            "COMMIT",
                                            "ROLLBACK",
                                            "UPDATE schema SET sequence = ?1",
                                            insert_text("attempt", AttemptRow{}, attempt),
                                            insert_text("step", StepRow{}, step),
                                            "DELETE FROM label WHERE job = ?1 AND attempt = ?2",
                                            "INSERT INTO label VALUES(?1, ?2, ?3, ?4)"};
  std::vector<Statement> made;
  for (const std::string& text : texts) {
    auto statement = Statement::prepare(database, text.c_str());
    if (!statement) return tl::unexpected(statement.error());
    made.push_back(std::move(*statement));
  }
  return Statements{std::move(made[0]), std::move(made[1]), std::move(made[2]), std::move(made[3]),
                    std::move(made[4]), std::move(made[5]), std::move(made[6]), std::move(made[7])};
}

Result<std::uint64_t> read_number(sqlite3* database, const char* query) {
  auto statement = Statement::prepare(database, query);
  if (!statement) return tl::unexpected(statement.error());
  auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement->column_u64(0) : 0;
}

Result<void> set_up(sqlite3* database) {
  if (sqlite3_exec(database, pragmas, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return sqlite_failure(database, "open");
  }
  const auto version = read_number(database, "PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  if (*version == history_schema_version) return {};
  if (*version > history_schema_version) {
    return fail(Code::refused, "schema " + std::to_string(*version) +
                                   " is newer than this controller's (start the newer one, or move "
                                   "the file away)");
  }
  std::string script = "BEGIN IMMEDIATE;";
  std::uint64_t made = 0;
  for (const char* step :
       {history_schema_1, history_schema_2, history_schema_3, history_schema_4, history_schema_5}) {
    if (*version < ++made) script += step;
  }
  script += "COMMIT;";
  if (sqlite3_exec(database, script.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return sqlite_failure(database, "schema");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<HistoryStore>> open_history_store(const std::string& directory,
                                                         const HistoryOptions& options) {
  const std::string path = directory + "/history.db";
  auto database = open_database(path, {options.pages_max, options.vfs});
  if (!database) return tl::unexpected(database.error());
  sqlite3* opened = database->get();
  if (auto done = set_up(opened); !done) {
    return in_file(path, done.error());
  }
  auto statements = prepare_all(opened);
  if (!statements) return in_file(path, statements.error());
  const auto sequence = read_number(opened, "SELECT sequence FROM schema");
  if (!sequence) return in_file(path, sequence.error());
  return std::make_unique<SqliteHistory>(std::move(*database), std::move(*statements), *sequence,
                                         options);
}

}  // namespace cox::ctld
