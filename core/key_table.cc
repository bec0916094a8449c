// See key_table.h. Linear probing; an erased entry is filled from behind, so that no marks remain.
#include "core/key_table.h"

#include <bit>
#include <utility>

namespace cox::core {
namespace {

constexpr std::size_t places_min = 64;

std::uint64_t mixed(std::uint64_t number) {
  number ^= number >> 32U;
  number *= 0xD6E8FEB86659FD93U;
  number ^= number >> 32U;
  number *= 0xD6E8FEB86659FD93U;
  return number ^ (number >> 32U);
}

}  // namespace

std::size_t KeyTable::home(const ClientKey& key) const {
  const std::uint64_t hash = mixed(mixed(key.words[0] + seed_) ^ key.words[1]);
  return static_cast<std::size_t>(hash) & (entries_.size() - 1);
}

std::size_t KeyTable::place(const ClientKey& key) const {
  std::size_t at = home(key);
  while (entries_[at].job != JobId{} && entries_[at].key != key) {
    at = (at + 1) & (entries_.size() - 1);
  }
  return at;
}

std::optional<JobId> KeyTable::find(const ClientKey& key) const {
  if (entries_.empty()) return std::nullopt;
  const Entry& entry = entries_[place(key)];
  if (entry.job == JobId{}) return std::nullopt;
  return entry.job;
}

void KeyTable::reserve(std::size_t keys) {
  if (4 * keys > 3 * places_min) resize(std::bit_ceil(4 * keys / 3 + 1));
}

void KeyTable::insert(const ClientKey& key, JobId job) {
  // At most three quarters full.
  if (4 * (size_ + 1) > 3 * entries_.size()) {
    resize(entries_.empty() ? places_min : 2 * entries_.size());
  }
  Entry& entry = entries_[place(key)];
  if (entry.job == JobId{}) ++size_;
  entry = Entry{key, job};
}

void KeyTable::erase(const ClientKey& key, JobId job) {
  if (entries_.empty()) return;
  const std::size_t mask = entries_.size() - 1;
  std::size_t hole = place(key);
  if (entries_[hole].job != job || job == JobId{}) return;
  for (std::size_t at = (hole + 1) & mask; entries_[at].job != JobId{}; at = (at + 1) & mask) {
    // An entry may move forward into the hole unless its home lies between both.
    const std::size_t from_home = (at - home(entries_[at].key)) & mask;
    if (from_home < ((at - hole) & mask)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole] = Entry{};
  --size_;
  if (entries_.size() > places_min && 8 * size_ < entries_.size()) resize(entries_.size() / 2);
}

void KeyTable::resize(std::size_t places) {
  const std::vector<Entry> before = std::exchange(entries_, std::vector<Entry>(places));
  for (const Entry& entry : before) {
    if (entry.job != JobId{}) entries_[place(entry.key)] = entry;
  }
}

bool operator==(const KeyTable& a, const KeyTable& b) {
  if (a.size_ != b.size_) return false;
  for (const KeyTable::Entry& entry : a.entries_) {
    if (entry.job != JobId{} && b.find(entry.key) != entry.job) return false;
  }
  return true;
}

}  // namespace cox::core
