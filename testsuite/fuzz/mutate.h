// Inputs made from inputs by small changes. Deterministic: the same seed gives the same inputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cox::fuzz {

/// SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();

  std::size_t below(std::size_t limit) {
    return limit == 0 ? 0 : static_cast<std::size_t>(next() % limit);
  }

 private:
  std::uint64_t state_;
};

class Mutator {
 public:
  Mutator(std::uint64_t seed,
          std::vector<std::string> corpus,
          std::vector<std::string> words,
          std::size_t bytes_max);

  /// The next input: one of the corpus, changed in one to eight places.
  const std::string& next();

 private:
  void change();
  void insert(std::size_t at, const std::string& piece);

  Random random_;
  std::vector<std::string> corpus_;
  std::vector<std::string> words_;
  std::size_t bytes_max_;
  std::string input_;
};

}  // namespace cox::fuzz
