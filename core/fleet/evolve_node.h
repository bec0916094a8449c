// How each fact about the fleet changes State: one function per fact. Only evolve() calls these.
#pragma once

#include "core/fact.h"
#include "core/state.h"

namespace cox::core {

void evolve_one(State& state, const EpochStarted& fact);
void evolve_one(State& state, const SettingsApplied& fact);
void evolve_one(State& state, const ClassLearned& fact);
void evolve_one(State& state, const NodeRegistered& fact);
void evolve_one(State& state, const NodeLost& fact);
void evolve_one(State& state, const NodeSetAside& fact);
void evolve_one(State& state, const NodeResumed& fact);
void evolve_one(State& state, const NodeBackedOff& fact);
void evolve_one(State& state, const NodeTriedAgain& fact);
void evolve_one(State& state, const NodeStuck& fact);
void evolve_one(State& state, const NodeUnstuck& fact);
void evolve_one(State& state, const NodeRebootAsked& fact);
void evolve_one(State& state, const NodeRebootBegun& fact);
void evolve_one(State& state, const TokenUsed& fact);

void evolve_one(State& state, const PartitionTakenDown& fact);
void evolve_one(State& state, const PartitionBroughtUp& fact);
/// Nodes of each partition and of each table of nodes, as the settings name them.
void index_settings(Index& index, const Record& record);
/// Whether the node may get new work, as far as State knows.
void index_usable(Index& index, const Record& record, const Node& node);
/// Puts `node`, the last one known, into every part of the index but the jobs'.
void index_node(Index& index, const Record& record, const Node& node);

}  // namespace cox::core
