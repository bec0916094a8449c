// Programs of the administrator for a test's cluster: made, configured, and what nodes say of them.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {

/// A program of the administrator, in work().
inline std::string program_file(const Cluster& cluster,
                                const std::string& name,
                                const std::string& body) {
  cluster.write(name, "#!/bin/sh\ncd " + cluster.work() + "\n" + body + "\n");
  const std::string path = cluster.work() + "/" + name;
  EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
  return path;
}

/// Applies the configuration of the cluster's start with this [programs].
inline void configure(const Cluster& cluster, const std::string& programs) {
  cluster.write("new.toml", cluster.file("../cox.toml") + "[programs]\n" + programs);
  const Ran ran = cluster.shell("cox config apply new.toml");
  EXPECT_EQ(ran.status, 0) << ran.output;
}

inline std::string key(const std::string& name, const std::string& value) {
  return name + " = \"" + value + "\"\n";
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

inline bool has_line(const std::string& text, const std::string& line) {
  const auto lines = lines_of(text);
  return std::ranges::find(lines, line) != lines.end();
}

}  // namespace cox::daemons
