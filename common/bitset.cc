// Word-wise set operations and the "0-3,8" text form.
#include "common/bitset.h"

#include <algorithm>
#include <utility>

#include "common/assert.h"
#include "common/text.h"

namespace cox {
namespace {

std::size_t words_for(std::size_t size) {
  return (size + 63) / 64;
}

}  // namespace

Bitset::Bitset(std::size_t size, bool value) : size_(size), words_(words_for(size)) {
  if (value) {
    set_all();
  }
}

void Bitset::set(std::size_t i) {
  ASSERT(i < size_);
  words_[i / 64] |= std::uint64_t{1} << (i % 64);
}

void Bitset::reset(std::size_t i) {
  ASSERT(i < size_);
  words_[i / 64] &= ~(std::uint64_t{1} << (i % 64));
}

void Bitset::set_all() {
  std::fill(words_.begin(), words_.end(), ~std::uint64_t{0});
  if (size_ % 64 != 0) {
    words_.back() = (std::uint64_t{1} << (size_ % 64)) - 1;
  }
}

void Bitset::reset_all() {
  std::fill(words_.begin(), words_.end(), 0);
}

void Bitset::resize(std::size_t size) {
  words_.resize(words_for(size));
  size_ = size;
  if (size % 64 != 0) {
    words_.back() &= (std::uint64_t{1} << (size % 64)) - 1;
  }
}

std::size_t Bitset::count() const {
  std::size_t sum = 0;
  for (const auto word : words_) {
    sum += static_cast<std::size_t>(std::popcount(word));
  }
  return sum;
}

bool Bitset::any() const {
  return std::any_of(words_.begin(), words_.end(), [](std::uint64_t w) { return w != 0; });
}

std::size_t Bitset::next(std::size_t from) const {
  if (from >= size_) {
    return size_;
  }
  std::size_t w = from / 64;
  std::uint64_t word = words_[w] & (~std::uint64_t{0} << (from % 64));
  while (word == 0) {
    if (++w == words_.size()) {
      return size_;
    }
    word = words_[w];
  }
  return w * 64 + static_cast<std::size_t>(std::countr_zero(word));
}

std::size_t Bitset::count_and(const Bitset& other) const {
  std::size_t sum = 0;
  const std::size_t n = std::min(words_.size(), other.words_.size());
  for (std::size_t w = 0; w < n; ++w) {
    sum += static_cast<std::size_t>(std::popcount(words_[w] & other.words_[w]));
  }
  return sum;
}

bool Bitset::contains(const Bitset& other) const {
  for (std::size_t w = 0; w < other.words_.size(); ++w) {
    const std::uint64_t mine = w < words_.size() ? words_[w] : 0;
    if ((other.words_[w] & ~mine) != 0) {
      return false;
    }
  }
  return true;
}

bool Bitset::intersects(const Bitset& other) const {
  const std::size_t n = std::min(words_.size(), other.words_.size());
  for (std::size_t w = 0; w < n; ++w) {
    if ((words_[w] & other.words_[w]) != 0) {
      return true;
    }
  }
  return false;
}

Bitset Bitset::lowest(std::size_t n) const {
  Bitset out(size_);
  for (std::size_t i = next(0); i < size_ && n > 0; i = next(i + 1), --n) {
    out.set(i);
  }
  return out;
}

Bitset& Bitset::operator|=(const Bitset& other) {
  if (other.size_ > size_) {
    resize(other.size_);
  }
  for (std::size_t w = 0; w < other.words_.size(); ++w) {
    words_[w] |= other.words_[w];
  }
  return *this;
}

Bitset& Bitset::operator&=(const Bitset& other) {
  for (std::size_t w = 0; w < words_.size(); ++w) {
    words_[w] &= w < other.words_.size() ? other.words_[w] : 0;
  }
  return *this;
}

Bitset& Bitset::operator-=(const Bitset& other) {
  const std::size_t n = std::min(words_.size(), other.words_.size());
  for (std::size_t w = 0; w < n; ++w) {
    words_[w] &= ~other.words_[w];
  }
  return *this;
}

std::string Bitset::to_ranges() const {
  std::string out;
  for (std::size_t i = next(0); i < size_;) {
    std::size_t end = i;
    while (test(end + 1)) {
      ++end;
    }
    out += out.empty() ? "" : ",";
    out += std::to_string(i);
    if (end > i) {
      out += "-" + std::to_string(end);
    }
    i = next(end + 1);
  }
  return out;
}

Result<Bitset> Bitset::from_ranges(std::string_view text, std::size_t size) {
  Bitset out(size);
  if (text.empty()) {
    return out;
  }
  for (const auto part : split(text, ',')) {
    const std::size_t dash = part.find('-');
    const auto low = parse_u64(part.substr(0, dash));
    const auto high = dash == std::string_view::npos ? low : parse_u64(part.substr(dash + 1));
    if (!low || !high || *low > *high || *high >= size) {
      return fail(Code::bad_usage,
                  "\"" + quoted(part) + "\" is no range of numbers below " + std::to_string(size));
    }
    for (std::uint64_t i = *low; i <= *high; ++i) {
      out.set(i);
    }
  }
  return out;
}

Bitset Bitset::from_words(std::vector<std::uint64_t> words, std::size_t size) {
  Bitset out;
  out.words_ = std::move(words);
  out.words_.resize(words_for(size));
  out.size_ = size;
  out.resize(size);
  return out;
}

}  // namespace cox
