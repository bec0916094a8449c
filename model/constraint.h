// What a job asks of the labels of its nodes: a selector that each of them matches, and what no
// node can say alone: "so many of them", and "all of them from one of these groups".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "model/selector.h"

namespace cox {

/// A constraint counts not more kinds of nodes, and chooses among not more groups.
inline constexpr std::size_t counted_kinds_max = 6;
inline constexpr std::size_t choices_max = 32;
inline constexpr std::uint32_t counted_nodes_max = 1'000'000;

class Constraint {
 public:
  /// At least `count` nodes match, each of which stands for no other kind as well.
  struct Counted {
    Selector selector;
    std::uint32_t count = 0;
    std::string text;
    friend bool operator==(const Counted&, const Counted&) = default;
  };

  struct Choice {
    Selector selector;
    std::string text;
    friend bool operator==(const Choice&, const Choice&) = default;
  };

  /// What a node is good for. As one of nodes that all are: in which groups it is, at least the
  /// lowest bit where there is no choice; and which counted kinds it is of.
  struct Fit {
    std::uint32_t choices = 0;  // 0: the node may not be used
    std::uint8_t kinds = 0;
    friend bool operator==(const Fit&, const Fit&) = default;
  };

  /// Parts joined by &: a selector, SELECTOR*COUNT, or [SELECTOR|SELECTOR|...], once; an expression
  /// with | outside of brackets is one selector. The empty text asks for nothing.
  /// error: bad_usage names the text and the column in it
  static Result<Constraint> parse(std::string_view text);

  Fit fit(const Labels& labels) const;

  bool empty() const { return text_.empty(); }

  /// As it was given.
  const std::string& text() const { return text_; }

  const std::vector<Counted>& counted() const { return counted_; }

  /// Empty: no choice is to be made.
  const std::vector<Choice>& choices() const { return choices_; }

  /// All kinds together: a job has at least so many nodes.
  std::uint64_t nodes_counted() const;

  friend bool operator==(const Constraint& a, const Constraint& b) { return a.text_ == b.text_; }

 private:
  friend class ConstraintParser;

  std::string text_;
  std::vector<Selector> each_;
  std::vector<Counted> counted_;
  std::vector<Choice> choices_;
};

}  // namespace cox
