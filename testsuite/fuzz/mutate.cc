// The changes: bits, bytes, numbers at their limits, words, pieces moved, doubled and cut out.
#include "testsuite/fuzz/mutate.h"

#include <array>
#include <utility>

namespace cox::fuzz {
namespace {

const std::array<std::string, 10> numbers = {"0",
                                             "1",
                                             "-1",
                                             "255",
                                             "65536",
                                             "4294967295",
                                             "4294967296",
                                             "2147483648",
                                             "9223372036854775807",
                                             "18446744073709551616"};

}  // namespace

std::uint64_t Random::next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t value = state_;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

Mutator::Mutator(std::uint64_t seed,
                 std::vector<std::string> corpus,
                 std::vector<std::string> words,
                 std::size_t bytes_max)
    : random_(seed), corpus_(std::move(corpus)), words_(std::move(words)), bytes_max_(bytes_max) {
  if (corpus_.empty()) corpus_.emplace_back();
}

const std::string& Mutator::next() {
  input_ = corpus_[random_.below(corpus_.size())];
  for (std::size_t changes = 1 + random_.below(8); changes > 0; --changes) change();
  if (input_.size() > bytes_max_) input_.resize(bytes_max_);
  return input_;
}

void Mutator::insert(std::size_t at, const std::string& piece) {
  input_.insert(at, piece);
}

void Mutator::change() {
  const std::size_t at = random_.below(input_.size() + 1);
  const std::size_t left = input_.size() - at;
  switch (random_.below(9)) {
    case 0:
      if (left > 0) input_[at] = static_cast<char>(input_[at] ^ (1 << random_.below(8)));
      return;
    case 1:
      if (left > 0) input_[at] = static_cast<char>(random_.next());
      return;
    case 2:
      return insert(at, std::string(1, static_cast<char>(random_.next())));
    case 3:
      input_.erase(at, 1 + random_.below(left));
      return;
    case 4:
      return insert(at, input_.substr(at, 1 + random_.below(left)));
    case 5:
      return insert(at, numbers[random_.below(numbers.size())]);
    case 6:
      if (!words_.empty()) insert(at, words_[random_.below(words_.size())]);
      return;
    case 7: {
      const std::string& other = corpus_[random_.below(corpus_.size())];
      const std::size_t from = random_.below(other.size() + 1);
      return insert(at, other.substr(from, random_.below(64)));
    }
    default:
      // A length or a tag of a message.
      if (left > 0) input_[at] = static_cast<char>(random_.below(left + 2));
      return;
  }
}

}  // namespace cox::fuzz
