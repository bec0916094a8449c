// One thing on a page: a line for each property.
#pragma once

#include <string>
#include <vector>

#include "cmds/client/table.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// "Name:  value" lines, values aligned.
class Sheet {
 public:
  void add(const std::string& name, const std::string& value) {
    if (!value.empty()) rows_.push_back({name + ":", value});
  }

  std::string take() const { return lay_out_plain(rows_); }

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "1.2 s user, 0.1 s system, 34M peak"
std::string usage_text(const wire::Usage& usage);

}  // namespace cox::cmds
