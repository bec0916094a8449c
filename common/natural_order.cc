// See natural_order.h.
#include "common/natural_order.h"

#include <algorithm>
#include <cstddef>

namespace cox {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The digits at the front, without those that count nothing; taken from `text`.
std::string_view take_number(std::string_view* text) {
  std::size_t end = 0;
  while (end < text->size() && is_digit((*text)[end])) ++end;
  std::string_view number = text->substr(0, end);
  text->remove_prefix(end);
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return number;
}

}  // namespace

bool NaturalOrder::operator()(std::string_view a, std::string_view b) const {
  std::string_view mine = a;
  std::string_view theirs = b;
  while (!mine.empty() && !theirs.empty()) {
    if (is_digit(mine.front()) && is_digit(theirs.front())) {
      const std::string_view x = take_number(&mine);
      const std::string_view y = take_number(&theirs);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      continue;
    }
    if (mine.front() != theirs.front()) return mine.front() < theirs.front();
    mine.remove_prefix(1);
    theirs.remove_prefix(1);
  }
  if (mine.empty() != theirs.empty()) return mine.empty();
  return a < b;  // n1 and n01 are two names
}

}  // namespace cox
