// A replay as a picture: utilisation and queue over time, waits and slowdowns by the size of jobs.
// One SVG that needs nothing else. Its size does not grow with the log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/outcome.h"

namespace cox::sim {

std::string draw(const std::vector<Outcome>& outcomes,
                 std::uint64_t processors,
                 const std::string& title);

/// A page that has `image`, as draw() makes it, and nothing from elsewhere.
std::string to_page(const std::string& image, const std::string& title);

}  // namespace cox::sim
