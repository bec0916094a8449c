// Writes JSON documents: a dozen lines instead of a library, since every command starts with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cox::cmds {

/// Members in the order written, two spaces of indentation. Text that is not UTF-8 is replaced
/// byte by byte with U+FFFD, so that every document can be read.
class JsonWriter {
 public:
  /// Opens the document: {"version": 1, ...
  JsonWriter();

  void begin_object(std::string_view key = {});
  void begin_array(std::string_view key);

  void end_object() { close('}'); }

  void end_array() { close(']'); }

  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, std::int64_t value);
  void number(std::string_view key, std::uint64_t value);

  void number(std::string_view key, std::uint32_t value) { number(key, std::uint64_t{value}); }

  void number(std::string_view key, std::int32_t value) { number(key, std::int64_t{value}); }

  /// With four digits behind the point.
  void real(std::string_view key, double value);
  void boolean(std::string_view key, bool value);
  void null(std::string_view key);

  /// An element of an array.
  void item(std::string_view value) { text({}, value); }

  void item(std::uint64_t value) { number({}, value); }

  void item(std::int64_t value) { number({}, value); }

  /// Closes the document.
  std::string take();

 private:
  void begin_member(std::string_view key);
  void close(char bracket);

  std::string out_;
  std::size_t depth_ = 1;
  bool is_first_ = true;
};

}  // namespace cox::cmds
