// The life of a checkpoint: begun, encoded in slices, valid once its facts last, the journal cut.
#include "ctld/keeper.h"

#include <algorithm>
#include <utility>

namespace cox::ctld {

Keeper::Keeper(Machine& machine, Journal& journal, Checkpoints* checkpoints, Log log)
    : machine_(machine), journal_(journal), checkpoints_(checkpoints), log_(log) {}

void Keeper::recovered(std::uint64_t sequence) {
  committed_ = machine_.last_sequence();
  facts_ = committed_ - sequence;
  // A crash between a checkpoint and its cut leaves what is cut here.
  if (checkpoints_ != nullptr && sequence != 0) journal_.cut(sequence);
}

void Keeper::end_turn(std::uint64_t facts, std::uint64_t bytes) {
  facts_ += facts;
  bytes_ += bytes;
  if (checkpoints_ == nullptr || machine_.checkpoint().is_open()) return;
  const bool is_due = facts_ >= limits_.facts || bytes_ >= limits_.bytes;
  if (is_due && not_before_ <= machine_.now()) begin();
}

bool Keeper::step() {
  Checkpoint& checkpoint = machine_.checkpoint();
  if (!checkpoint.is_open() || is_handed_on_) return false;
  const bool has_more = checkpoint.step(machine_.state());
  hand_on();
  make_valid_when_due();
  return has_more;
}

void Keeper::committed(std::uint64_t sequence) {
  committed_ = sequence;
  make_valid_when_due();
}

void Keeper::history_written_to(std::uint64_t sequence) {
  history_ = sequence;
  make_valid_when_due();
}

void Keeper::lasted(std::uint64_t sequence) {
  machine_.checkpoint().lasted();
  is_handed_on_ = false;
  journal_.cut(sequence);
}

void Keeper::failed(const Error& error) {
  machine_.checkpoint().failed();
  is_handed_on_ = false;
  not_before_ = machine_.now() + limits_.retry_after;
  facts_ = std::max(facts_, limits_.facts);
  log_.warning("the checkpoint could not be written, the journal is kept and it is tried again: " +
               error.message);
}

void Keeper::finish() {
  if (checkpoints_ == nullptr || machine_.last_sequence() != settled()) return;
  Checkpoint& checkpoint = machine_.checkpoint();
  if (is_handed_on_) return;  // the thread is about to make it valid
  if (!checkpoint.is_open()) {
    if (facts_ == 0) return;
    begin();
  }
  while (step()) {
  }
}

void Keeper::begin() {
  facts_ = 0;
  bytes_ = 0;
  checkpoints_->begin();
  machine_.checkpoint().begin(machine_.state(), machine_.last_sequence());
  hand_on();
}

void Keeper::hand_on() {
  if (auto chunks = machine_.checkpoint().take(); !chunks.empty()) {
    checkpoints_->put(std::move(chunks));
  }
}

/// Not before its last fact is on disk: a checkpoint must never know what a crash takes back. Not
/// before the history has it either, which is derived from replayed facts.
void Keeper::make_valid_when_due() {
  const Checkpoint& checkpoint = machine_.checkpoint();
  if (!checkpoint.is_open() || is_handed_on_ || !checkpoint.is_encoded()) return;
  if (settled() < checkpoint.sequence()) return;
  hand_on();
  is_handed_on_ = true;
  checkpoints_->make_valid(checkpoint.sequence());
}

std::uint64_t Keeper::settled() const {
  return history_ ? std::min(committed_, *history_) : committed_;
}

}  // namespace cox::ctld
