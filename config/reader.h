// Typed access to the tables of a TOML file. A value that is not accepted becomes a complaint with
// its place, and the reading goes on.
#pragma once

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// toml++ 3.3 asserts that a key follows "[", which "[=" does not; the code behind the assertion
// reports it properly. With NDEBUG the assertion would become an assumption of the optimiser.
#define TOML_ASSERT(expression) static_assert(true)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "model/settings.h"
#include "model/time.h"

namespace cox::config {

struct Complaint {
  std::uint32_t line = 0, column = 0;
  std::string text;  // "KEY: what is wrong"
};

/// What to do with the value of a key. With `later` it is taken and kept, and a warning says that
/// nothing comes of it yet.
struct Key {
  std::string name;
  std::function<void(const toml::node&)> take;
  std::string later{};
};

class Reader {
 public:
  /// Gives each key of `table` to its entry of `keys`; complains of those that have none. `where`
  /// is the table's name in complaints, empty at the top.
  void read(const toml::table& table, const std::string& where, const std::vector<Key>& keys);

  /// Readers of one value each: they set `out` only when the value is accepted. `key` names the
  /// value in complaints.
  std::function<void(const toml::node&)> text(const std::string& key, std::string* out);
  std::function<void(const toml::node&)> flag(const std::string& key, bool* out);
  std::function<void(const toml::node&)> number(const std::string& key,
                                                std::int64_t low,
                                                std::int64_t high,
                                                std::uint32_t* out);
  /// One of `supported`; those `later` are words of the design that this version refuses.
  std::function<void(const toml::node&)> choice(const std::string& key,
                                                const std::vector<std::string>& supported,
                                                const std::vector<std::string>& later,
                                                std::string* out);
  /// An amount of memory, "384G".
  std::function<void(const toml::node&)> memory(const std::string& key, std::int64_t* mib);
  /// A text that `check` accepts; it returns what is wrong, or nothing.
  std::function<void(const toml::node&)> checked(const std::string& key,
                                                 std::string (*check)(const std::string&),
                                                 std::string* out);
  /// A table, each of whose keys goes to `keys`.
  std::function<void(const toml::node&)> table(const std::string& name, std::vector<Key> keys);
  /// Each table of [[name]] goes to `take`; there are at most settings_tables_max.
  std::function<void(const toml::node&)> tables(const std::string& name,
                                                std::function<void(const toml::table&)> take);
  /// "5m", "60s": at least `low`, at most `high`.
  std::function<void(const toml::node&)> span(const std::string& key,
                                              Duration low,
                                              Duration high,
                                              Duration* out);
  /// A job's time limit, "1:00:00", "2-0", "UNLIMITED".
  std::function<void(const toml::node&)> time_limit(const std::string& key, Duration* out);

  void complain(const toml::source_region& place, const std::string& key, const std::string& what);

  void warn(const toml::source_region& place, const std::string& key, const std::string& what);

  const std::vector<Complaint>& complaints() const { return complaints_; }

  const std::vector<Complaint>& warnings() const { return warnings_; }

 private:
  const std::string* string_of(const toml::node& node, const std::string& key);

  std::vector<Complaint> complaints_, warnings_;
};

/// "a string", "an integer": what a value is, for complaints.
std::string type_text(toml::node_type type);

}  // namespace cox::config
