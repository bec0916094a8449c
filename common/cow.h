// A value that many share until one of them changes it: copies cost a pointer, and reading one that
// was never given anything reads the default value.
#pragma once

#include <memory>
#include <utility>

namespace cox {

/// Copies are values: what edit() changes is seen through this one alone.
template <class T>
class Cow {
 public:
  Cow() = default;

  explicit Cow(T value) : shared_(std::make_shared<T>(std::move(value))) {}

  const T& operator*() const { return shared_ == nullptr ? blank() : *shared_; }

  const T* operator->() const { return &**this; }

  /// Nothing was ever put here: it costs no memory.
  bool is_blank() const { return shared_ == nullptr; }

  /// The value to change, which nobody else sees.
  T& edit() {
    if (shared_ == nullptr) {
      shared_ = std::make_shared<T>();
    } else if (shared_.use_count() != 1) {
      shared_ = std::make_shared<T>(*shared_);
    }
    return *shared_;
  }

  /// Both are one value in memory, so that they are equal without a look. Says nothing when false.
  bool is_same(const Cow& other) const { return shared_ == other.shared_; }

  bool is_shared() const { return shared_.use_count() > 1; }

  friend bool operator==(const Cow& a, const Cow& b) { return a.is_same(b) || *a == *b; }

 private:
  static const T& blank() {
    static const T value{};
    return value;
  }

  std::shared_ptr<T> shared_;
};

}  // namespace cox
