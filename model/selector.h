// The one grammar of labels, for nodes, jobs, selectors and constraints: key, key=v, key!=v, joined
// by & and |, turned round by !, grouped by ( ).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox {

using Labels = std::map<std::string, std::string>;

/// A selector is not longer, has not more terms and is not nested deeper.
inline constexpr std::size_t selector_bytes_max = 4096;
inline constexpr std::size_t selector_terms_max = 256;
inline constexpr std::size_t selector_depth_max = 32;

/// A key or a value: letters, digits and any of - _ . / : + @, at most 64 of them. A value may
/// be empty, a key not.
bool is_label_key(std::string_view text);
bool is_label_value(std::string_view text);
/// error: bad_usage says which of the two is none, and what one is
Result<void> check_label(std::string_view key, std::string_view value);

class Selector {
 public:
  /// The empty text selects everything. `!` binds closest, then `&`, then `|`.
  /// error: bad_usage names the text and the place in it
  static Result<Selector> parse(std::string_view text);
  /// A part of a longer expression, `text` from byte `begin` of `whole` on, called `what` there.
  /// error: bad_usage names the whole and the column in it
  static Result<Selector> parse_part(std::string_view text,
                                     std::string_view whole,
                                     std::size_t begin,
                                     const char* what);

  /// `key` and `key=v` want the label, `key!=v` also takes those without the key.
  bool matches(const Labels& labels) const;

  bool empty() const { return program_.empty(); }

  friend bool operator==(const Selector&, const Selector&) = default;

 private:
  friend class SelectorParser;

  enum class Op : std::uint8_t { has, equals, differs, both, either, negate };

  struct Step {
    Op op = Op::has;
    std::string key, value;
    friend bool operator==(const Step&, const Step&) = default;
  };

  std::vector<Step> program_;  // operands before their operator
};

}  // namespace cox
