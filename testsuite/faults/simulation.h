// A whole cluster in one process from one seed: controller, nodes, clients, and everything that can
// go wrong. First chaos, then heal and drain.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "testsuite/faults/checks.h"
#include "testsuite/faults/fake_client.h"
#include "testsuite/faults/fake_controller.h"
#include "testsuite/faults/fake_node.h"
#include "testsuite/faults/fault_kinds.h"
#include "testsuite/faults/network.h"
#include "testsuite/faults/rng.h"
#include "testsuite/faults/timeline.h"
#include "testsuite/faults/watch.h"

namespace cox::faults {

struct Outcome {
  std::uint64_t trace = 0;
  std::uint64_t facts = 0;
  std::uint64_t jobs = 0;
  std::string complaint;  // empty: every promise was kept
};

struct Scenario {
  std::uint64_t seed = 1;
  int jobs = 40;
  Duration chaos = seconds(60);
  KindSet off;             // kinds that the seed would have chosen, left out
  bool drop_plan = false;  // throws the plan away at random; must not change the trace
  bool prints_facts = false;
};

/// Which faults the seed chooses.
KindSet kinds_of(const Scenario& scenario);

class Simulation {
 public:
  explicit Simulation(const Scenario& scenario);
  Outcome run();

 private:
  void make_nodes();
  void set_faults();
  void heal();
  void strike();
  void strike(Kind kind);
  void strike_node(Kind kind, FakeNode& node);
  void strike_connection(Kind kind, FakeNode& node);
  void strike_controller(Kind kind);
  void strike_client(Kind kind);
  void administer(Kind kind);
  void suspend_some();
  void resume_all();
  Settings any_settings();
  void apply(const Settings& settings);
  void restore_order();
  void schedule_strike();
  void schedule_clients();
  void controller_back_after(Duration delay);
  void daemon_back_after(FakeNode& node, Duration delay);
  FakeNode* node_named(const std::string& name);
  bool run_until(Instant end);
  void check_rush();
  bool is_drained() const;
  bool ask_again();
  void check_end();
  void check_nodes();
  void check_unwanted();
  void check_standing();

  Scenario scenario_;
  Rng rng_;
  Rng administrators_;  // a stream of its own: where it is not used, it changes no run
  KindSet kinds_;
  Timeline timeline_;
  Watch watch_{timeline_};
  Checks checks_{watch_, timeline_};
  Network network_;
  FakeController controller_;
  std::vector<std::unique_ptr<FakeNode>> nodes_;  // the last is the twin of the first
  std::vector<std::unique_ptr<FakeClient>> clients_;
  bool healing_ = false;
  std::map<RunPlace, int> unwanted_;   // for how many looks in a row
  std::map<RunPlace, int> misplaced_;  // run and should not, or the other way round
};

}  // namespace cox::faults
