// What the driver knows of its own doing: the jobs it asked for, the ids it was given, and what it
// did to whom. The verdict holds everything else against it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/time.h"

namespace cox::kills {

using AttemptKey = std::pair<std::uint64_t, std::uint32_t>;  // job, attempt

/// One job the driver asked for, by its marker.
struct Wish {
  bool is_run = false;            // cox run, else a batch job
  std::uint32_t elements = 0;     // of a job array, from index 0 on; 0: no array
  std::set<std::uint64_t> ids;    // as told by clients; more than one is a fault
  bool is_cancelled = false;      // or about to be: its client may have died on the way
  bool is_client_killed = false;  // of a cox run: the job ends with it
  std::string run_complaint{};    // what cox run said when it did not end well
};

/// A node that was cut off for so long that its jobs may have been given up.
struct Cut {
  std::string node;
  Instant from, until;
};

struct Book {
  std::map<std::uint64_t, Wish> wishes;  // by marker
  std::set<AttemptKey> shot;             // whose supervisor was killed
  std::vector<Cut> cuts;
  std::vector<std::string> complaints;         // of clients that did what they must not
  std::map<std::string, std::uint64_t> kills;  // by kind
  std::uint64_t resent = 0;       // submits sent again under their key, answered with the same id
  std::uint64_t turned_away = 0;  // clients that found no controller at their first connect

  std::uint64_t kill_count() const;
  std::uint64_t acknowledged() const;
};

}  // namespace cox::kills
