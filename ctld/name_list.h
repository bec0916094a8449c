// Names as a query gives them: joined by ',', any of them will do.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "common/text.h"

namespace cox::ctld {

class NameList {
 public:
  explicit NameList(std::string_view text) {
    if (text.empty()) return;
    for (const std::string_view name : split(text, ',')) names_.emplace_back(name);
  }

  bool empty() const { return names_.empty(); }

  const std::vector<std::string>& names() const { return names_; }

  bool has(std::string_view name) const { return std::ranges::find(names_, name) != names_.end(); }

  /// None at all: any name will do.
  bool takes(std::string_view name) const { return names_.empty() || has(name); }

 private:
  std::vector<std::string> names_;
};

}  // namespace cox::ctld
