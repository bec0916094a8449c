// The harm: kill -9 of the controller, a node daemon, its nursery, a supervisor or a client, and
// cables that are cut and mended; and what an administrator does about it, at once or a moment
// later.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "testsuite/daemons/cluster.h"
#include "testsuite/faults/rng.h"
#include "testsuite/kills/book.h"
#include "testsuite/kills/clients.h"
#include "testsuite/kills/timeline.h"

namespace cox::kills {

class Strikes {
 public:
  /// `network`: of the cluster's nodes, or none. `lost_after`: how long a node is cut off until it
  /// loses its jobs; none: never for so long.
  Strikes(daemons::Cluster& cluster,
          Clients& clients,
          Book& book,
          Timeline& timeline,
          faults::Rng rng,
          std::uint32_t nodes,
          const daemons::CutNetwork* network,
          std::optional<Duration> lost_after);

  /// One of them, by chance; one that finds nobody to strike counts as none.
  void strike();
  /// Starts every daemon that is down and mends every cable. Repairs under way do so by themselves.
  bool is_healed() const;

 private:
  void kill_controller();
  void kill_node();
  void kill_nursery();
  void kill_supervisor();
  void cut_cable();
  std::chrono::microseconds until_repair();

  daemons::Cluster& cluster_;
  Clients& clients_;
  Book& book_;
  Timeline& timeline_;
  faults::Rng rng_;
  const daemons::CutNetwork* network_;
  std::optional<Duration> lost_after_;
  bool is_controller_down_ = false;
  std::vector<bool> is_node_down_;
  bool is_cable_cut_ = false;
};

}  // namespace cox::kills
