// What differs between two configurations, key by key, in the words of the file.
#pragma once

#include <string>
#include <vector>

#include "model/settings.h"

namespace cox::config {

struct Change {
  std::string table;     // "scheduling", "partition debug", "node n[1-4]"
  std::string key;       // empty: the table itself comes or goes
  std::string from, to;  // as the file writes values; empty: was not there, is gone
  friend bool operator==(const Change&, const Change&) = default;
};

std::vector<Change> changes_between(const Settings& before, const Settings& after);

}  // namespace cox::config
