// The reader of history.db: a filter as SQL, columns as rows. Each caller has a connection of its
// own, so that reading never waits for the writer.
#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <string_view>

#include "ctld/name_list.h"
#include "ctld/store/history.h"
#include "ctld/store/history_columns.h"
#include "ctld/store/sqlite.h"

namespace cox::ctld {

namespace {

constexpr auto patience = std::chrono::seconds(20);
constexpr int steps_per_attempt_max = 10'000;
constexpr int operations_between_looks = 20'000;
constexpr std::size_t terms_max = 100;  // SQLite takes no deep expressions

/// A query in the making: text, and what its question marks stand for.
class Query {
 public:
  void add(std::string_view text) { text_ += text; }

  void add(std::string_view text, std::string value) {
    add(text);
    values_.emplace_back([value = std::move(value)](Statement& statement, int at) {
      statement.bind_text(at, value);
    });
  }

  void add(std::string_view text, std::int64_t value) {
    add(text);
    values_.emplace_back([value](Statement& statement, int at) {
      statement.bind(at, static_cast<std::uint64_t>(value));
    });
  }

  Result<Statement> prepare(sqlite3* database) const {
    auto statement = Statement::prepare(database, text_.c_str());
    if (!statement) return tl::unexpected(statement.error());
    int at = 0;
    for (const auto& bind : values_) bind(*statement, ++at);
    return statement;
  }

 private:
  std::string text_;
  std::vector<std::function<void(Statement&, int)>> values_;
};

/// Reads a row's columns in order, from 0.
class Columns {
 public:
  explicit Columns(const Statement& statement) : statement_(statement) {}

  void operator()(const char*, std::string& text) { text = statement_.column_bytes(at_++); }

  void operator()(const char*, bool& value) { value = statement_.column_u64(at_++) != 0; }

  void operator()(const char*, std::optional<Uid>& uid) {
    if (!statement_.column_is_null(at_)) uid = static_cast<Uid>(statement_.column_u64(at_));
    ++at_;
  }

  template <class Number>
  requires std::is_integral_v<Number>

  void operator()(const char*, Number& value) {
    value = static_cast<Number>(statement_.column_u64(at_++));
  }

 private:
  const Statement& statement_;
  int at_ = 0;
};

const std::string& attempt_columns() {
  static const std::string names = [] {
    std::string text;
    AttemptRow row;
    for_each_attempt_column(row, [&](const char* name, const auto&) {
      text += (text.empty() ? "" : ",") + std::string(name);
    });
    return text;
  }();
  return names;
}

const std::string& step_columns() {
  static const std::string names = [] {
    std::string text;
    StepRow row;
    for_each_step_column(row, [&](const char* name, const auto&) {
      text += (text.empty() ? "" : ",") + std::string(name);
    });
    return text;
  }();
  return names;
}

/// "AND column IN (?, ?)"
template <class Values, class ToParameter>
void add_list(std::string_view column,
              const Values& values,
              ToParameter parameter,
              Query* to,
              std::string_view joint = " AND ",
              std::string_view end = "") {
  if (values.empty()) return;
  to->add(std::string(joint) + std::string(column) + " IN (");
  bool is_first = true;
  for (const auto& value : values) {
    to->add(is_first ? "?" : ",?", parameter(value));
    is_first = false;
  }
  to->add(")" + std::string(end));
}

/// "AND (job IN (...) OR array IN (...) OR ...)": no row that is named is missing, and is_named()
/// takes out what is too much.
void add_names(const HistoryFilter& filter, Query* to) {
  if (filter.jobs.empty() && filter.arrays.empty() && filter.elements.empty()) return;
  const auto number = [](JobId id) { return static_cast<std::int64_t>(id.value); };
  to->add(" AND (0");
  add_list("job", filter.jobs, number, to, " OR ");
  add_list("(array <> 0 AND array", filter.arrays, number, to, " OR ", ")");
  if (filter.elements.size() > terms_max) {
    const auto array_of = [&](const auto& some) { return number(some.first); };
    add_list("(array <> 0 AND array", filter.elements, array_of, to, " OR ", ")");
  } else {
    for (const auto& [array, elements] : filter.elements) {
      to->add(" OR (array <> 0 AND array = ?", number(array));
      to->add(" AND (array_index IS NULL");  // a row of many
      to->add(" OR array_index BETWEEN ?", std::int64_t{elements.first()});
      to->add(" AND ?))", std::int64_t{elements.last()});
    }
  }
  to->add(")");
}

void add_labels(const HistoryFilter& filter, Query* to) {
  for (const auto& [key, value] : filter.labels) {
    to->add(
        " AND EXISTS(SELECT 1 FROM label WHERE label.job = attempt.job AND"
        " label.attempt = attempt.attempt AND key = ?",
        key);
    if (value) to->add(" AND value = ?", *value);
    to->add(")");
  }
}

/// "AND column = ?", by which an index also gives the order, or "AND column IN (?, ?)"
void add_choice(std::string_view column, const NameList& names, Query* to) {
  if (names.names().size() == 1) {
    return to->add(" AND " + std::string(column) + " = ?", names.names().front());
  }
  add_list(
      column, names.names(), [](const std::string& name) { return name; }, to);
}

void add_choices(const HistoryFilter& filter, Query* to) {
  add_choice("user", NameList(filter.user), to);
  // The partial index needs to see that the value is not empty.
  if (!filter.account.empty()) to->add(" AND account <> ''");
  add_choice("account", NameList(filter.account), to);
  const NameList partitions(filter.partition);
  if (partitions.empty()) return;
  to->add(" AND (0");
  for (const std::string& name : partitions.names()) {
    to->add(" OR instr(',' || partition || ',', ?) > 0", "," + name + ",");
  }
  to->add(")");
}

Query attempts_query(const HistoryFilter& filter) {
  Query query;
  query.add("SELECT " + attempt_columns() + " FROM attempt WHERE 1");
  add_names(filter, &query);
  if (!filter.all_attempts) {
    query.add(filter.with_arrays ? " AND (is_last = 1 OR kind = 'array')" : " AND is_last = 1");
  } else if (filter.no_arrays) {
    query.add(" AND kind <> 'array'");
  }
  add_choices(filter, &query);
  if (!filter.states.empty()) {
    bool has_completed = false;
    for (const std::string& state : filter.states) has_completed |= state == "COMPLETED";
    if (!has_completed) query.add(" AND state <> 'COMPLETED'");
    add_list(
        "state", filter.states, [](const std::string& state) { return state; }, &query);
  }
  add_labels(filter, &query);
  if (filter.since.is_set()) query.add(" AND ended_us >= ?", filter.since.us);
  if (filter.until.is_set()) query.add(" AND ended_us < ?", filter.until.us);
  if (filter.after) {
    query.add(" AND (ended_us, job, attempt) < (?", filter.after->ended.us);
    query.add(", ?", static_cast<std::int64_t>(filter.after->job.value));
    query.add(", ?)", std::int64_t{filter.after->attempt.value});
  }
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max() - 1);
  query.add(" ORDER BY ended_us DESC, job DESC, attempt DESC LIMIT ?",
            static_cast<std::int64_t>(std::min(filter.limit, most) + 1));
  return query;
}

bool is_named(const HistoryFilter& filter, const AttemptRow& row) {
  if (filter.jobs.empty() && filter.arrays.empty() && filter.elements.empty()) return true;
  if (std::ranges::find(filter.jobs, row.job) != filter.jobs.end()) return true;
  if (row.array == JobId{}) return false;
  if (std::ranges::find(filter.arrays, row.array) != filter.arrays.end()) return true;
  return std::ranges::any_of(filter.elements, [&row](const auto& wanted) {
    if (wanted.first != row.array) return false;
    if (row.index) return wanted.second.contains(*row.index);
    const auto held = parse_array(row.elements);
    return row.kind == "elements" && held && !common_elements(*held, wanted.second).empty();
  });
}

class SqliteReader final : public HistoryReader {
 public:
  explicit SqliteReader(Database database) : database_(std::move(database)) {
    sqlite3_progress_handler(database_.get(), operations_between_looks, &SqliteReader::is_late,
                             this);
  }

  SqliteReader(const SqliteReader&) = delete;
  SqliteReader& operator=(const SqliteReader&) = delete;

  Result<HistoryPage> query(const HistoryFilter& filter) override {
    deadline_ = std::chrono::steady_clock::now() + patience;
    // One transaction: steps belong to the attempts that were read.
    if (auto begun = execute(database_.get(), "BEGIN"); !begun) return failure(begun.error());
    HistoryPage page;
    auto done = read_attempts(filter, &page);
    if (done && filter.with_steps) done = read_steps(filter, &page);
    execute(database_.get(), "COMMIT");
    if (!done) return failure(done.error());
    return page;
  }

 private:
  static int is_late(void* self) {
    return std::chrono::steady_clock::now() > static_cast<SqliteReader*>(self)->deadline_ ? 1 : 0;
  }

  Failure failure(const Error& error) const {
    if ((sqlite3_errcode(database_.get()) & 0xFF) == SQLITE_INTERRUPT) {
      return fail(Code::timed_out,
                  "history: the query looks at too much: narrow it by a user or a time");
    }
    return Failure(error.with_context("history"));
  }

  Result<void> read_attempts(const HistoryFilter& filter, HistoryPage* page) {
    const Query query = attempts_query(filter);  // holds what the statement refers to
    auto rows = query.prepare(database_.get());
    if (!rows) return tl::unexpected(rows.error());
    for (;;) {
      const auto row = rows->step();
      if (!row) return tl::unexpected(row.error());
      if (!*row) return {};
      page->has_more = page->attempts.size() == filter.limit;
      if (page->has_more) return {};
      AttemptRow& made = page->attempts.emplace_back();
      for_each_attempt_column(made, Columns(*rows));
      if (!is_named(filter, made)) {
        page->attempts.pop_back();
        continue;
      }
      if (auto labelled = read_labels(&made); !labelled) return labelled;
    }
  }

  /// Calls `take(statement)` for each row of a query for one attempt, which is prepared only once.
  template <class Take>
  Result<void> for_each_row(const char* text,
                            const AttemptKey& key,
                            std::optional<Statement>* kept,
                            Take take) {
    if (!*kept) {
      auto made = Statement::prepare(database_.get(), text);
      if (!made) return tl::unexpected(made.error());
      kept->emplace(std::move(*made));
    }
    Statement& rows = **kept;
    rows.bind(1, key.job.value);
    rows.bind(2, std::uint64_t{key.attempt.value});
    auto row = rows.step();
    for (; row && *row; row = rows.step()) take(rows);
    rows.reset();
    if (!row) return tl::unexpected(row.error());
    return {};
  }

  Result<void> read_labels(AttemptRow* to) {
    static constexpr const char* text =
        "SELECT key, value FROM label WHERE job = ?1 AND attempt = ?2";
    return for_each_row(text, to->key(), &labels_, [to](const Statement& rows) {
      to->labels.emplace(rows.column_bytes(0), rows.column_bytes(1));
    });
  }

  Result<void> read_steps(const HistoryFilter& filter, HistoryPage* page) {
    std::vector<AttemptKey> keys = filter.steps_of;
    for (const AttemptRow& row : page->attempts) keys.push_back(row.key());
    for (const AttemptKey& key : keys) {
      if (auto read = read_steps_of(key, page); !read) return read;
    }
    return {};
  }

  Result<void> read_steps_of(const AttemptKey& key, HistoryPage* page) {
    static const std::string text =
        "SELECT " + step_columns() +
        " FROM step WHERE job = ?1 AND attempt = ?2 ORDER BY step LIMIT " +
        std::to_string(steps_per_attempt_max);
    return for_each_row(text.c_str(), key, &steps_, [page](const Statement& rows) {
      for_each_step_column(page->steps.emplace_back(), Columns(rows));
    });
  }

  Database database_;  // first: statements go before it
  std::optional<Statement> labels_, steps_;
  std::chrono::steady_clock::time_point deadline_;
};

bool has_label(const AttemptRow& row,
               const std::pair<std::string, std::optional<std::string>>& wanted) {
  const auto found = row.labels.find(wanted.first);
  return found != row.labels.end() && (!wanted.second || found->second == *wanted.second);
}

}  // namespace

bool matches(const HistoryFilter& filter, const AttemptRow& row) {
  const auto is_in = [](const auto& list, const auto& value) {
    return list.empty() || std::ranges::find(list, value) != list.end();
  };
  const NameList wanted(filter.partition);
  const NameList partitions(row.partition);
  const bool is_there =
      wanted.empty() || std::ranges::any_of(wanted.names(), [&partitions](const std::string& one) {
        return partitions.has(one);
      });
  const HistoryCursor at{row.ended, row.job, row.attempt};
  const bool is_wanted = row.kind == "array" && !row.is_last
                             ? filter.with_arrays || (filter.all_attempts && !filter.no_arrays)
                             : filter.all_attempts || row.is_last;
  const bool has_account =
      filter.account.empty() ||
      (!row.account.empty() && NameList(filter.account).has(row.account));  // as the file says it
  return is_named(filter, row) && is_wanted && is_in(filter.states, row.state) && has_account &&
         NameList(filter.user).takes(row.user) && is_there &&
         std::ranges::all_of(filter.labels,
                             [&row](const auto& wanted) { return has_label(row, wanted); }) &&
         (!filter.since.is_set() || row.ended >= filter.since) &&
         (!filter.until.is_set() || row.ended < filter.until) &&
         (!filter.after || at < *filter.after);
}

Result<std::unique_ptr<HistoryReader>> open_history_reader(const std::string& directory) {
  const std::string path = directory + "/history.db";
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(opened);
  if (code == SQLITE_CANTOPEN) return fail(Code::not_found, "no " + path);
  if (code != SQLITE_OK) return sqlite_failure(opened, path);
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, 1000);
  return std::make_unique<SqliteReader>(std::move(database));
}

}  // namespace cox::ctld
