// Trees of branches without sockets: whatever breaks when, everything that was said comes once and
// in order, both ways, for every node that can still be reached; and no such node is called lost.
#include "noded/stepd/branch.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <memory>

#include "noded/stepd/branch_terms.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

using Node = std::uint32_t;

/// Between a node and the one it connected to. What was said before an end still arrives.
struct Wire {
  Node child = 0, parent = 0;
  std::deque<std::string> up, down;
  bool is_joined = false;
  bool child_left = false, parent_left = false;  // closed at that end
};

struct Station {
  std::unique_ptr<Branch> branch;
  bool is_dead = false;
  bool is_stopped = false;             // alive, and does nothing
  std::shared_ptr<Wire> way;           // to its parent
  std::optional<Node> connecting;      // wants a way to
  std::vector<std::string> heard;      // of the root
  std::vector<std::string> said;       // what it should have heard
  std::uint32_t spoke = 0;             // messages upwards
  std::vector<std::string> came_from;  // at the root: what came from it

  bool acts() const { return !is_dead && !is_stopped; }
};

class Forest {
 public:
  Forest(Node nodes, std::uint32_t width) : tree_(nodes, width), stations_(nodes) {
    for (Node node = 0; node < nodes; ++node) {
      stations_[node].branch = std::make_unique<Branch>(tree_, node, out(node));
    }
  }

  const StepTree& tree() const { return tree_; }

  Station& at(Node node) { return stations_[node]; }

  Node size() const { return tree_.nodes(); }

  const std::map<Node, std::string>& lost() const { return lost_; }

  bool is_orphan(Node node) const { return orphans_.contains(node); }

  /// One above it does nothing: what else breaks there it cannot know.
  bool is_held_up(Node node) {
    for (Node above = node; above != 0;) {
      above = tree_.parent(above);
      if (at(above).is_stopped) return true;
    }
    return false;
  }

  void begin(Node node) { at(node).branch->begin(); }

  void speak(Node node, bool is_result = false) {
    Station& station = at(node);
    if (!station.acts()) return;
    wire::StepMessage message;
    const std::string text = std::to_string(station.spoke++);
    if (is_result) {
      message.mutable_leaf_result()->mutable_result()->set_detail(text);
    } else {
      message.mutable_output()->set_data(text);
    }
    station.branch->say_up(message);
  }

  /// From the root, to all or to one.
  void tell(Node target) {
    wire::StepMessage message;
    const std::string text = std::to_string(told_++);
    message.mutable_input()->set_data(text);
    for (Node node = 1; node < size(); ++node) {
      if (target == 0 || target == node) at(node).said.push_back(text);
    }
    at(0).branch->say_down(target, message, 0);
  }

  void kill(Node node) {
    at(node).is_dead = true;
    at(node).connecting.reset();
    for (const auto& wire : wires_) {
      if (wire->child == node) wire->child_left = true;
      if (wire->parent == node) wire->parent_left = true;
    }
  }

  /// Ends the connection of a node to its parent; what is under way may be lost with it.
  void cut(Node node, bool loses) {
    const auto way = at(node).way;
    if (way == nullptr || way->parent == 0) return;
    way->child_left = way->parent_left = true;
    if (loses) way->up.clear();
    if (loses) way->down.clear();
  }

  /// One thing of those that can happen; false when none can.
  bool step(std::size_t choice) {
    std::vector<std::function<void()>> possible;
    for (Node node = 0; node < size(); ++node) {
      if (at(node).acts() && at(node).connecting) possible.push_back([this, node] { open(node); });
    }
    for (const auto& wire : wires_) {
      const bool moves_up = at(wire->parent).acts() && !wire->parent_left;
      if (moves_up && !wire->up.empty()) possible.push_back([this, wire] { bring_up(wire); });
      if (moves_up && wire->up.empty() && wire->child_left) {
        possible.push_back([this, wire] { end_at_parent(wire); });
      }
      const bool moves_down = at(wire->child).acts() && at(wire->child).way == wire;
      if (moves_down && !wire->down.empty()) possible.push_back([this, wire] { bring_down(wire); });
      if (moves_down && wire->down.empty() && wire->parent_left) {
        possible.push_back([this, wire] { end_at_child(wire); });
      }
      if (wire->child_left && wire->parent_left && at(wire->parent).acts() && wire->is_joined) {
        possible.push_back([this, wire] { end_at_parent(wire); });
      }
    }
    if (possible.empty()) return false;
    possible[choice % possible.size()]();
    return true;
  }

  /// Until nothing more happens, however much time passes.
  void settle(const std::function<std::size_t()>& choose) {
    for (int quiet = 0; quiet < 3;) {
      if (step(choose())) {
        quiet = 0;
        continue;
      }
      std::optional<Duration> next;
      for (const Station& station : stations_) {
        const auto deadline = station.acts() ? station.branch->next_deadline() : std::nullopt;
        if (deadline) next = std::min(next.value_or(*deadline), *deadline);
      }
      if (!next) {
        ++quiet;
        continue;
      }
      now_ = std::max(now_, *next);
      for (Station& station : stations_) {
        if (station.acts() && station.branch->next_deadline() <= now_)
          station.branch->time_passed();
      }
    }
  }

 private:
  Branch::Out out(Node node) {
    Branch::Out out;
    out.to_parent = [this, node](std::string_view bytes) {
      const auto way = at(node).way;
      if (way != nullptr && !way->parent_left) way->up.emplace_back(bytes);
    };
    out.to_child = [this, node](Node child, std::string_view bytes) {
      for (const auto& wire : wires_) {
        if (wire->child == child && wire->parent == node && wire->is_joined && !wire->child_left) {
          wire->down.emplace_back(bytes);
        }
      }
    };
    out.connect = [this, node](Node to) {
      if (at(node).way != nullptr) at(node).way->child_left = true;
      at(node).way = nullptr;
      at(node).connecting = to;
    };
    out.drop = [this, node](Node child) {
      for (const auto& wire : wires_) {
        if (wire->child != child || wire->parent != node) continue;
        wire->parent_left = true;
        wire->is_joined = false;
      }
    };
    out.message = [this, node](Node from, const wire::StepMessage& message) {
      if (node != 0) {
        at(node).heard.push_back(message.input().data());
      } else if (message.has_leaf_result()) {
        at(from).came_from.push_back(message.leaf_result().result().detail());
      } else {
        at(from).came_from.push_back(message.output().data());
      }
    };
    out.lost = [this, node](Node gone, const std::string& why) {
      if (node == 0) {
        EXPECT_TRUE(lost_.emplace(gone, why).second) << "twice: " << gone;
        return;
      }
      orphans_.insert(node);
      if (at(node).way != nullptr) at(node).way->child_left = true;
      at(node).way = nullptr;
    };
    out.now = [this] { return now_; };
    return out;
  }

  void open(Node node) {
    const Node to = *std::exchange(at(node).connecting, std::nullopt);
    if (!at(to).acts()) return at(node).branch->parent_lost("nobody is there");
    auto wire = std::make_shared<Wire>();
    wire->child = node;
    wire->parent = to;
    wires_.push_back(wire);
    at(node).way = wire;
    at(node).branch->parent_opened(tree_protocol);
  }

  void bring_up(const std::shared_ptr<Wire>& wire) {
    const std::string bytes = wire->up.front();
    wire->up.pop_front();
    if (wire->is_joined) return at(wire->parent).branch->child_said(wire->child, bytes);
    wire::StepMessage first;
    ASSERT_TRUE(first.ParseFromString(bytes));
    ASSERT_TRUE(first.has_join());
    wire->is_joined = true;  // before: what is said to it at once
    if (at(wire->parent).branch->join(first.join())) return;
    wire->is_joined = false;
    wire->parent_left = true;
    wire->up.clear();
  }

  void bring_down(const std::shared_ptr<Wire>& wire) {
    const std::string bytes = wire->down.front();
    wire->down.pop_front();
    at(wire->child).branch->parent_said(bytes);
  }

  void end_at_parent(const std::shared_ptr<Wire>& wire) {
    wire->parent_left = true;
    if (std::exchange(wire->is_joined, false)) {
      at(wire->parent).branch->child_lost(wire->child, "its link ended");
    }
  }

  void end_at_child(const std::shared_ptr<Wire>& wire) {
    wire->child_left = true;
    at(wire->child).way = nullptr;
    at(wire->child).branch->parent_lost("its link ended");
  }

  StepTree tree_;
  std::vector<Station> stations_;
  std::vector<std::shared_ptr<Wire>> wires_;
  std::map<Node, std::string> lost_;
  std::set<Node> orphans_;
  Duration now_{1};
  std::uint32_t told_ = 0;
};

std::vector<std::string> numbers(std::uint32_t count) {
  std::vector<std::string> all;
  for (std::uint32_t i = 0; i < count; ++i) all.push_back(std::to_string(i));
  return all;
}

std::size_t any(std::size_t below) {
  return *rc::gen::resize(1000, rc::gen::inRange<std::size_t>(0, below));
}

/// One of many, rarely.
Node any_but_root(Forest& forest) {
  return static_cast<Node>(1 + any(forest.size() - 1));
}

void trouble(Forest& forest) {
  const Node node = any_but_root(forest);
  switch (any(4)) {
    case 0:
      return forest.kill(node);
    case 1:
      return forest.cut(node, true);
    case 2:
      return forest.cut(node, false);
    default:
      // One that stands directly below the root holds up those below it for good where it stops.
      forest.at(node).is_stopped = true;
  }
}

void live(Forest& forest, std::size_t troubles) {
  std::vector<bool> has_begun(forest.size(), false);
  for (std::size_t moment = 0; moment < 60 * forest.size(); ++moment) {
    const Node node = static_cast<Node>(any(forest.size()));
    if (!has_begun[node] && forest.at(node).acts()) {
      has_begun[node] = true;
      forest.begin(node);
    }
    switch (any(8)) {
      case 0:
        if (has_begun[node] && node != 0) forest.speak(node);
        break;
      case 1:
        forest.tell(any(3) == 0 ? any_but_root(forest) : 0);
        break;
      default:
        forest.step(any(1000));
    }
    if (troubles > 0 && any(20 * forest.size()) < 20) {
      --troubles;
      trouble(forest);
    }
  }
  for (Node node = 0; node < forest.size(); ++node) {
    if (!has_begun[node] && forest.at(node).acts()) forest.begin(node);
  }
}

void expect_all_heard(Forest& forest) {
  for (Node node = 1; node < forest.size(); ++node) {
    const Station& station = forest.at(node);
    const auto lost = forest.lost().find(node);
    if (!station.acts() || (forest.is_held_up(node) && lost != forest.lost().end())) continue;
    RC_ASSERT(lost == forest.lost().end());
    RC_ASSERT(!forest.is_orphan(node));
    RC_ASSERT(station.came_from == numbers(station.spoke));
    RC_ASSERT(station.heard == station.said);
    RC_ASSERT(station.branch->unheard_bytes() == 0U);
  }
}

TEST(Branch, loses_nothing_while_all_are_well) {
  EXPECT_TRUE(rc::check([] {
    Forest forest(static_cast<Node>(2 + any(14)), static_cast<std::uint32_t>(any(5)));
    live(forest, 0);
    for (Node node = 1; node < forest.size(); ++node) forest.speak(node, true);
    forest.settle([] { return any(1000); });
    RC_ASSERT(forest.lost().empty());
    expect_all_heard(forest);
  }));
}

TEST(Branch, loses_nobody_who_can_be_reached_whatever_breaks) {
  EXPECT_TRUE(rc::check([] {
    Forest forest(static_cast<Node>(3 + any(14)), static_cast<std::uint32_t>(1 + any(4)));
    live(forest, 1 + any(4));
    // What is said while one has stopped waits for the moment at which its end must be heard.
    for (Node node = 1; node < forest.size(); ++node) forest.speak(node, true);
    forest.settle([] { return any(1000); });
    expect_all_heard(forest);
  }));
}

TEST(Branch, tells_of_every_node_that_is_gone) {
  EXPECT_TRUE(rc::check([] {
    Forest forest(static_cast<Node>(3 + any(14)), static_cast<std::uint32_t>(1 + any(4)));
    for (Node node = 0; node < forest.size(); ++node) forest.begin(node);
    for (std::size_t moment = any(20 * forest.size()); moment > 0; --moment) forest.step(any(1000));
    std::set<Node> dead;
    for (std::size_t i = 1 + any(3); i > 0; --i) dead.insert(any_but_root(forest));
    for (const Node node : dead) forest.kill(node);
    forest.settle([] { return any(1000); });
    std::set<Node> told;
    for (const auto& [node, why] : forest.lost()) told.insert(node);
    RC_ASSERT(told == dead);
  }));
}

TEST(Branch, serves_a_thousand_nodes_and_loses_one_of_them_alone) {
  Forest forest(1000, 32);
  for (Node node = 0; node < forest.size(); ++node) forest.begin(node);
  std::size_t choice = 0;
  const auto choose = [&choice] { return choice++; };
  forest.settle(choose);
  forest.tell(0);
  for (Node node = 1; node < forest.size(); ++node) forest.speak(node);
  const Node between = forest.tree().children(0)[7];
  EXPECT_EQ(forest.tree().end(between) - between, 31U);
  for (std::size_t i = 0; i < 500; ++i) forest.step(choose());
  forest.kill(between);
  for (Node node = 1; node < forest.size(); ++node) forest.speak(node, true);
  forest.settle(choose);
  ASSERT_EQ(forest.lost().size(), 1U);
  EXPECT_TRUE(forest.lost().contains(between));
  for (Node node = 1; node < forest.size(); ++node) {
    if (node == between) continue;
    EXPECT_EQ(forest.at(node).came_from, numbers(2)) << node;
    EXPECT_EQ(forest.at(node).heard, forest.at(node).said) << node;
  }
}

TEST(Branch, of_a_root_that_is_gone_everyone_hears) {
  Forest forest(13, 3);
  for (Node node = 0; node < forest.size(); ++node) forest.begin(node);
  std::size_t choice = 0;
  forest.settle([&choice] { return choice++; });
  forest.kill(0);
  forest.settle([&choice] { return choice++; });
  for (Node node = 1; node < forest.size(); ++node) EXPECT_TRUE(forest.is_orphan(node)) << node;
}

TEST(Branch, leaves_a_parent_that_does_not_pass_anything_on) {
  Forest forest(4, 1);  // a chain
  forest.at(1).is_stopped = true;
  for (const Node node : {0U, 2U, 3U}) forest.begin(node);
  std::size_t choice = 0;
  forest.settle([&choice] { return choice++; });
  forest.speak(3);
  forest.tell(3);
  forest.settle([&choice] { return choice++; });
  EXPECT_EQ(forest.at(3).came_from, numbers(1));
  EXPECT_EQ(forest.at(3).heard, forest.at(3).said);
  EXPECT_EQ(forest.lost().size(), 1U) << "node 1 never came";
}

TEST(Branch, refuses_whom_another_fan_out_was_told) {
  Forest forest(9, 2);
  forest.begin(0);
  wire::StepJoin join;
  join.set_node_index(5);
  join.set_fan_out(16);
  EXPECT_FALSE(forest.at(0).branch->join(join));
  ASSERT_TRUE(forest.lost().contains(5));
  EXPECT_EQ(forest.lost().at(5), "was started with another scheduling.fan_out");
  join.set_node_index(6);
  join.set_fan_out(0);  // one that knows no tree
  EXPECT_TRUE(forest.at(0).branch->join(join));
}

TEST(Branch, keeps_what_all_were_told_for_who_comes_late_but_not_for_ever) {
  for (const std::size_t megabytes : {4U, 12U}) {
    Forest forest(9, 2);
    forest.begin(0);
    for (std::size_t i = 0; i < megabytes; ++i) {
      wire::StepMessage message;
      message.mutable_input()->set_data(std::string(std::size_t{1} << 20, 'x'));
      forest.at(0).branch->say_down(0, message, 0);
    }
    wire::StepJoin join;
    join.set_node_index(forest.tree().children(1)[0]);
    EXPECT_EQ(forest.at(0).branch->join(join), megabytes == 4) << megabytes;
    EXPECT_EQ(forest.lost().size(), megabytes == 4 ? 0U : 1U);
  }
}

}  // namespace
}  // namespace cox::stepd
