// Copy on write, by chunk.
#include "ctld/checkpoint.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/job/retention.h"
#include "ctld/store/chunk_codec.h"

namespace cox::ctld {

namespace {

/// Calls `touch` with the key of each chunk, the header left out, that `fact` changes.
template <class Touch>
void for_each_touched(const core::State& state, const core::Fact& fact, Touch touch) {
  std::visit(
      [&](const auto& body) {
        if constexpr (requires { body.job; }) touch(chunk_of(body.job));
        if constexpr (requires { body.jobs; }) {
          for (const JobId job : body.jobs) touch(chunk_of(job));
        }
        if constexpr (requires { body.array; }) touch(chunk_of(body.array));
        if constexpr (std::is_same_v<std::decay_t<decltype(body)>, core::JobEnded>) {
          const core::Job* job = state.find_job(body.job);  // its array counts its end
          if (job != nullptr && job->array != JobId{}) touch(chunk_of(job->array));
        }
        if constexpr (std::is_same_v<std::decay_t<decltype(body)>, core::RowTurned>) {
          const auto sliced = state.index.sliced.find(body.partition);
          if (sliced == state.index.sliced.end()) return;
          for (const auto& [row, jobs] : sliced->second.rows) {
            for (const JobId job : jobs) touch(chunk_of(job));  // they stand still, or go on
          }
        }
        if constexpr (requires { body.node; }) touch(chunk_of(body.node));
        if constexpr (requires { body.id; }) touch(chunk_of(body.id));
      },
      fact);
}

}  // namespace

void Checkpoint::before(const core::State& state, const core::Fact& fact) {
  for_each_touched(state, fact, [&](ChunkKey key) { touch(state, key); });
  if (const auto* submitted = std::get_if<core::JobSubmitted>(&fact))
    touch_old_keys(state, *submitted);
}

/// Keys that the submit lets go stand in chunks of jobs that left long ago.
void Checkpoint::touch_old_keys(const core::State& state, const core::JobSubmitted& fact) {
  const core::Record& record = state.record;
  if (record.forgotten.empty()) return;
  const JobId from = core::keys_known_from(record, std::max(record.last_submit, fact.at),
                                           JobId{fact.job.value + 1});
  const auto end = record.forgotten.lower_bound(from);
  for (auto one = record.forgotten.begin(); one != end; ++one) touch(state, chunk_of(one->first));
}

void Checkpoint::touch(const core::State& state, ChunkKey key) {
  // Most facts of a turn are about chunks that are dirty since long.
  if (is_open_ && frozen_.erase(key) != 0) encode(state, key);
  dirty_.insert(key);
}

void Checkpoint::begin(const core::State& state, std::uint64_t sequence) {
  is_open_ = true;
  sequence_ = sequence;
  frozen_ = std::exchange(dirty_, {});
  encoded_.clear();
  ready_.clear();
  // Small, and changed by many kinds of facts: always, and at once.
  encode(state, header_chunk);
}

bool Checkpoint::step(const core::State& state) {
  if (frozen_.empty()) return false;
  encode(state, frozen_.extract(frozen_.begin()).value());
  return !frozen_.empty();
}

std::vector<Chunk> Checkpoint::take() {
  return std::exchange(ready_, {});
}

void Checkpoint::lasted() {
  is_open_ = false;
  encoded_.clear();
}

void Checkpoint::failed() {
  is_open_ = false;
  dirty_.merge(frozen_);
  dirty_.merge(encoded_);
  dirty_.erase(header_chunk);
  frozen_.clear();
  encoded_.clear();
  ready_.clear();
}

void Checkpoint::encode(const core::State& state, ChunkKey key) {
  ready_.push_back(encode_chunk(state.record, key));
  encoded_.insert(key);
}

}  // namespace cox::ctld
