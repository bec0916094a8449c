// What survives. The rules are SQLite's own: a sector is written from one end to the other, bytes
// outside a write are never harmed, and nothing is ordered but by a sync.
#include "testsuite/power/power_disk.h"

#include <algorithm>
#include <utility>

namespace cox::power {
namespace {

void put(std::string* content, std::uint64_t offset, std::string_view bytes, char gap) {
  const std::size_t end = offset + bytes.size();
  if (content->size() < end) content->resize(end, gap);
  content->replace(offset, bytes.size(), bytes);
}

}  // namespace

/// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t PowerDisk::random() {
  random_ += 0x9E37'79B9'7F4A'7C15ULL;
  std::uint64_t z = random_;
  z = (z ^ (z >> 30U)) * 0xBF58'476D'1CE4'E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D0'49BB'1331'11EBULL;
  return z ^ (z >> 31U);
}

/// False when the power is off; the last operation before that is begun and not finished.
bool PowerDisk::begin_operation() {
  if (is_off_) return false;
  ++operations_;
  if (cut_in_ != 0 && --cut_in_ == 0) is_off_ = true;
  return true;
}

InodePtr PowerDisk::open(const std::string& path, bool create) {
  if (const auto found = names_.find(path); found != names_.end()) {
    return is_off_ ? nullptr : found->second;
  }
  if (!create || !begin_operation()) return nullptr;
  auto made = std::make_shared<Inode>();
  names_[path] = made;
  name_changes_.push_back({path, made});
  return is_off_ ? nullptr : made;
}

bool PowerDisk::write(Inode& file, std::uint64_t offset, std::string_view bytes) {
  if (!begin_operation()) return false;
  file.since.push_back({offset, std::string(bytes), false});
  put(&file.seen, offset, bytes, '\0');
  return !is_off_;
}

bool PowerDisk::truncate(Inode& file, std::uint64_t size) {
  if (!begin_operation()) return false;
  file.since.push_back({size, {}, true});
  file.seen.resize(size, '\0');
  return !is_off_;
}

bool PowerDisk::sync(Inode& file) {
  if (!begin_operation() || is_off_) return false;
  file.durable = file.seen;
  file.since.clear();
  return true;
}

bool PowerDisk::sync_directory() {
  if (!begin_operation() || is_off_) return false;
  durable_names_ = names_;
  name_changes_.clear();
  return true;
}

bool PowerDisk::remove(const std::string& path) {
  if (!begin_operation()) return false;
  names_.erase(path);
  name_changes_.push_back({path, nullptr});
  return !is_off_;
}

void PowerDisk::process_died() {
  is_off_ = false;
  cut_in_ = 0;
}

void PowerDisk::restore() {
  process_died();
  // Each file once, in the order of the names, so that the same seed does the same.
  std::vector<InodePtr> files;
  for (const auto& [path, file] : durable_names_) files.push_back(file);
  for (const NameChange& change : name_changes_) {
    const bool is_listed = std::ranges::find(files, change.file) != files.end();
    if (change.file != nullptr && !is_listed) files.push_back(change.file);
  }
  for (const InodePtr& file : files) survive(*file);
  for (const NameChange& change : std::exchange(name_changes_, {})) {
    if (chance(50)) continue;  // undone
    if (change.file == nullptr) {
      durable_names_.erase(change.path);
    } else {
      durable_names_[change.path] = change.file;
    }
  }
  names_ = durable_names_;
}

/// Some cuts lose all of what was under way, some nothing, most something.
void PowerDisk::survive(Inode& file) {
  const std::uint64_t in_100 = (random() % 5) * 25;
  std::string content = std::move(file.durable);
  for (const Change& change : std::exchange(file.since, {})) {
    if (change.is_truncation) {
      if (chance(in_100)) content.resize(change.offset, '\0');
    } else {
      survive_write(change, in_100, &content);
    }
  }
  file.seen = file.durable = std::move(content);
}

/// Sector by sector; one in eight of those that are written is torn. A gap left by sectors that
/// were not written holds whatever was on the disk before.
void PowerDisk::survive_write(const Change& change, std::uint64_t in_100, std::string* content) {
  const std::uint64_t sector = chance(50) ? 512 : 4096;
  const auto gap = static_cast<char>(random());
  std::string_view left = change.bytes;
  std::uint64_t at = change.offset;
  while (!left.empty()) {
    const std::uint64_t room = sector - at % sector;
    const std::string_view piece = left.substr(0, std::min<std::uint64_t>(room, left.size()));
    if (chance(in_100)) {
      const bool is_torn = random() % 8 == 0;
      const std::uint64_t cut = is_torn ? random() % piece.size() : 0;
      if (!is_torn || chance(50)) {
        put(content, at + cut, piece.substr(cut), gap);
      } else {
        put(content, at, piece.substr(0, cut), gap);
      }
    }
    at += piece.size();
    left.remove_prefix(piece.size());
  }
}

}  // namespace cox::power
