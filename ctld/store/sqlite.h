// The few calls of SQLite that the store makes, with results instead of return codes.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::ctld {

struct SqliteCloser {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }

  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

using Database = std::unique_ptr<sqlite3, SqliteCloser>;

/// How the store's files are opened.
struct SqliteOptions {
  std::uint64_t pages_max = 0;  // 0: no limit. A quota, which tests use for a full disk
  std::string vfs{};            // empty: the system's; tests that cut the power name their own
};

/// Opens or makes `path`, readable by its owner alone. error: names the file and what SQLite said
Result<Database> open_database(const std::string& path, const SqliteOptions& options);
/// The same, held by this process alone from here on: no second controller can even read it. The
/// log is never moved into the file unless the owner says so.
/// error: refused when another process holds it
Result<Database> open_database_alone(const std::string& path, const SqliteOptions& options);

/// The error, with the file's path in front where it is not there yet.
Failure in_file(const std::string& path, const Error& error);

/// What SQLite last complained about, with the file it is about. storage_full and refused (another
/// process holds the file) are told apart from everything else.
Failure sqlite_failure(sqlite3* database, std::string_view doing);

Result<void> execute(sqlite3* database, const char* sql);

/// A prepared statement, used again and again. Columns and parameters are SQLite's: parameters
/// count from 1, columns from 0.
class Statement {
 public:
  static Result<Statement> prepare(sqlite3* database, const char* sql);

  void bind(int parameter, std::uint64_t value);
  /// The bytes must live until the step is done.
  void bind(int parameter, std::string_view bytes);
  /// As TEXT, where people query the table; the same rule.
  void bind_text(int parameter, std::string_view text);
  void bind_null(int parameter);
  /// True when there is a row. error: as sqlite_failure
  Result<bool> step();
  /// One step whose rows do not matter; ready for the next use.
  Result<void> run();
  void reset();

  std::uint64_t column_u64(int column) const;
  /// Valid until the next step.
  std::string_view column_bytes(int column) const;
  bool column_is_null(int column) const;

 private:
  Statement(sqlite3* database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, SqliteCloser> statement_;
};

}  // namespace cox::ctld
