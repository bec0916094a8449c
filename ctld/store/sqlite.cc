// Results for SQLite's return codes.
#include "ctld/store/sqlite.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace cox::ctld {

namespace {

// Exclusive locking before anything is read: two controllers cannot share a state directory, and
// the log's index needs no shared memory. wal_autocheckpoint = 0 keeps checkpoints off commits.
constexpr const char* alone =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0;";

/// SQLite would make the file readable by everyone. Never opened here when it is there already:
/// closing it again would drop the locks that this process has on it.
void make_private(const std::string& path) {
  const int made = ::open(path.c_str(), O_CREAT | O_EXCL | O_CLOEXEC | O_WRONLY, 0600);
  if (made >= 0) {
    ::close(made);
  } else {
    static_cast<void>(::chmod(path.c_str(), 0600));  // of an older version; else the open fails
  }
}

Result<Database> open_file(const std::string& path, const SqliteOptions& options) {
  const sqlite3_vfs* vfs = sqlite3_vfs_find(options.vfs.empty() ? nullptr : options.vfs.c_str());
  if (vfs != nullptr && std::string_view(vfs->zName).starts_with("unix")) make_private(path);
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  Database database(opened);
  if (code != SQLITE_OK) return sqlite_failure(opened, path);
  sqlite3_extended_result_codes(opened, 1);
  return database;
}

Result<void> set_quota(sqlite3* database, const SqliteOptions& options) {
  if (options.pages_max == 0) return {};
  const std::string quota = "PRAGMA max_page_count = " + std::to_string(options.pages_max);
  return execute(database, quota.c_str());
}

}  // namespace

Result<Database> open_database(const std::string& path, const SqliteOptions& options) {
  auto database = open_file(path, options);
  if (!database) return database;
  if (auto done = set_quota(database->get(), options); !done) return in_file(path, done.error());
  return database;
}

Result<Database> open_database_alone(const std::string& path, const SqliteOptions& options) {
  auto database = open_file(path, options);
  if (!database) return database;
  if (auto done = execute(database->get(), alone); !done) {
    if ((sqlite3_errcode(database->get()) & 0xFF) == SQLITE_BUSY) {
      return fail(Code::refused, path + ": another controller holds it");
    }
    return in_file(path, done.error());
  }
  if (auto done = set_quota(database->get(), options); !done) return in_file(path, done.error());
  return database;
}

Failure in_file(const std::string& path, const Error& error) {
  return error.message.starts_with(path) ? Failure(error) : Failure(error.with_context(path));
}

Failure sqlite_failure(sqlite3* database, std::string_view doing) {
  const int code = sqlite3_errcode(database) & 0xFF;
  const char* path = sqlite3_db_filename(database, "main");
  const std::string file = path == nullptr ? "" : std::string(path);
  std::string message = std::string(doing) + ": " + sqlite3_errmsg(database);
  if (!file.empty() && doing != file) message = file + ": " + message;
  if (code == SQLITE_FULL) return fail(Code::storage_full, std::move(message));
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return fail(Code::refused, std::move(message));
  return fail(Code::internal, std::move(message));
}

Result<void> execute(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return sqlite_failure(database, sql);
  }
  return {};
}

Result<Statement> Statement::prepare(sqlite3* database, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return sqlite_failure(database, sql);
  return Statement(database, statement);
}

void Statement::bind(int parameter, std::uint64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, static_cast<sqlite3_int64>(value));
}

void Statement::bind(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_STATIC);
}

void Statement::bind_text(int parameter, std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  sqlite3_bind_text64(statement_.get(), parameter, text.empty() ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_null(int parameter) {
  sqlite3_bind_null(statement_.get(), parameter);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sqlite_failure(database_, "sqlite");
}

Result<void> Statement::run() {
  const auto stepped = step();
  reset();
  if (!stepped) return tl::unexpected(stepped.error());
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::uint64_t Statement::column_u64(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

std::string_view Statement::column_bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string_view{} : std::string_view(bytes, size);
}

bool Statement::column_is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

}  // namespace cox::ctld
