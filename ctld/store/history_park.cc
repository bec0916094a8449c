// Rows as bytes: each column in the order of history_columns.h, a batch behind its length.
#include "ctld/store/history_park.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ctld/store/history_columns.h"
#include "platform/file.h"

namespace cox::ctld {

namespace {

constexpr const char* file_name = "history-waiting";
constexpr std::uint64_t give_back_bytes = 64U << 20;

template <class Number>
void put_number(Number value, std::string* to) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  to->append(bytes, sizeof value);
}

void put_text(const std::string& text, std::string* to) {
  put_number(text.size(), to);
  *to += text;
}

/// Writes the columns of a row.
class Writer {
 public:
  explicit Writer(std::string* to) : to_(to) {}

  void operator()(const char*, const std::string& text) { put_text(text, to_); }

  void operator()(const char*, const std::optional<Uid>& uid) {
    put_number(uid.has_value(), to_);
    put_number(uid.value_or(0), to_);
  }

  template <class Number>
  requires std::is_integral_v<Number>

  void operator()(const char*, Number value) { put_number(value, to_); }

 private:
  std::string* to_;
};

/// Reads them again. What is cut short gives zeros, and is_good() says so.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  template <class Number>
  Number number() {
    Number value{};
    const std::string_view bytes = bytes_of(sizeof value);
    if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  std::string text() { return std::string(bytes_of(number<std::size_t>())); }

  void operator()(const char*, std::string& to) { to = text(); }

  void operator()(const char*, std::optional<Uid>& uid) {
    const bool has_value = number<bool>();
    const auto value = number<Uid>();
    if (has_value) uid = value;
  }

  template <class Number>
  requires std::is_integral_v<Number>

  void operator()(const char*, Number& value) { value = number<Number>(); }

  bool is_good() const { return is_good_; }

  bool is_at_end() const { return left_.empty(); }

 private:
  std::string_view bytes_of(std::size_t count) {
    is_good_ = is_good_ && count <= left_.size();
    if (!is_good_) return {};
    const std::string_view bytes = left_.substr(0, count);
    left_.remove_prefix(count);
    return bytes;
  }

  std::string_view left_;
  bool is_good_ = true;
};

std::string encode(const HistoryRows& rows) {
  std::string bytes;
  put_number(rows.last_sequence, &bytes);
  put_number(rows.attempts.size(), &bytes);
  put_number(rows.steps.size(), &bytes);
  for (const AttemptRow& row : rows.attempts) {
    for_each_attempt_column(row, Writer(&bytes));
    put_number(row.labels.size(), &bytes);
    for (const auto& [key, value] : row.labels) {
      put_text(key, &bytes);
      put_text(value, &bytes);
    }
  }
  for (const StepRow& row : rows.steps) for_each_step_column(row, Writer(&bytes));
  return bytes;
}

std::shared_ptr<const HistoryRows> decode(std::string_view bytes) {
  auto rows = std::make_shared<HistoryRows>();
  Reader reader(bytes);
  rows->last_sequence = reader.number<std::uint64_t>();
  const auto attempts = reader.number<std::size_t>();
  const auto steps = reader.number<std::size_t>();
  for (std::size_t i = 0; i < attempts && reader.is_good(); ++i) {
    AttemptRow& row = rows->attempts.emplace_back();
    for_each_attempt_column(row, reader);
    for (auto left = reader.number<std::size_t>(); left != 0 && reader.is_good(); --left) {
      std::string key = reader.text();
      row.labels[std::move(key)] = reader.text();
    }
  }
  for (std::size_t i = 0; i < steps && reader.is_good(); ++i) {
    for_each_step_column(rows->steps.emplace_back(), reader);
  }
  return reader.is_good() && reader.is_at_end() ? rows : nullptr;
}

Error io_error(const char* doing, int number) {
  return platform::system_error(std::string(doing) + " the rows that wait for history.db", number);
}

}  // namespace

Result<HistoryPark> HistoryPark::open(const std::string& directory) {
  std::string path = directory + "/" + file_name;
  ::unlink(path.c_str());  // of a process that died in between the next two calls
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return tl::unexpected(platform::system_error("open " + path, errno));
  ::unlink(path.c_str());
  return HistoryPark(platform::Descriptor(fd));
}

Result<void> HistoryPark::put(const HistoryRows& rows) {
  const std::string body = encode(rows);
  std::string bytes;
  put_number(body.size(), &bytes);
  bytes += body;
  std::uint64_t at = written_to_;
  std::string_view left = bytes;
  while (!left.empty()) {
    const ssize_t done = ::pwrite(file_.get(), left.data(), left.size(), static_cast<off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return tl::unexpected(io_error("write", errno));
    at += static_cast<std::uint64_t>(done);
    left.remove_prefix(static_cast<std::size_t>(done));
  }
  written_to_ = at;
  return {};
}

Result<std::string> HistoryPark::read(std::uint64_t at, std::size_t count) const {
  std::string bytes(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const ssize_t done =
        ::pread(file_.get(), bytes.data() + have, count - have, static_cast<off_t>(at + have));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return tl::unexpected(io_error("read", done < 0 ? errno : EIO));
    have += static_cast<std::size_t>(done);
  }
  return bytes;
}

Result<std::shared_ptr<const HistoryRows>> HistoryPark::take() {
  const auto length = read(read_to_, sizeof(std::size_t));
  if (!length) return tl::unexpected(length.error());
  const auto count = Reader(*length).number<std::size_t>();
  if (count > written_to_ - read_to_) return tl::unexpected(io_error("read", EIO));
  const auto body = read(read_to_ + sizeof count, count);
  if (!body) return tl::unexpected(body.error());
  auto rows = decode(*body);
  if (rows == nullptr) return tl::unexpected(io_error("read", EIO));
  read_to_ += sizeof count + count;
  give_back();
  return rows;
}

/// What was read needs no room on the disk any more. A file system that cannot take it back keeps
/// it until everything was read.
void HistoryPark::give_back() {
  if (empty()) {
    read_to_ = written_to_ = given_back_ = 0;
    static_cast<void>(::ftruncate(file_.get(), 0) == 0);
  } else if (read_to_ - given_back_ >= give_back_bytes) {
    static_cast<void>(::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  static_cast<off_t>(given_back_),
                                  static_cast<off_t>(read_to_ - given_back_)) == 0);
    given_back_ = read_to_;
  }
}

}  // namespace cox::ctld
