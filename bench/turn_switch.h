// Two gangs in a partition whose jobs take turns, each of a task a node that writes down when it
// runs; the turn is made to change, and how long that takes is read from what the tasks wrote.
#pragma once

#include <string>
#include <vector>

namespace cox::bench {

/// One for each change of the turn, in ms.
struct SwitchTimes {
  std::vector<double> decided;    // from the request that leads to it to the instant of the turn
  std::vector<double> last_runs;  // from the decision until the last node of the gang has run
  std::vector<double> last_ran;   // from the decision to the last tick of the gang before
};

/// `dir`: a cluster whose default partition lets jobs take turns, with a slice that does not end
/// meanwhile, and with `tasks` nodes. `programs`: where turn-ticker is. Ends the bench when
/// anything fails.
SwitchTimes time_switches(const std::string& dir,
                          const std::string& cox,
                          const std::string& programs,
                          int tasks,
                          int switches);

}  // namespace cox::bench
