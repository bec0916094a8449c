// A disk in memory that forgets at a power cut what was not synced. Per file it keeps what is
// durable and what was done since; after a cut each of those changes survives whole, torn or not
// at all. Creations and removals of files survive by the same rule until the directory is synced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cox::power {

/// One change of a file since its last sync.
struct Change {
  std::uint64_t offset = 0;  // of a write; the new size of a truncation
  std::string bytes;
  bool is_truncation = false;
};

/// A file, whatever names it has.
struct Inode {
  std::string seen;     // what a reader finds while the power is on
  std::string durable;  // as of the last sync
  std::vector<Change> since;
};

using InodePtr = std::shared_ptr<Inode>;

class PowerDisk {
 public:
  explicit PowerDisk(std::uint64_t seed) : random_(seed) {}

  PowerDisk(const PowerDisk&) = delete;
  PowerDisk& operator=(const PowerDisk&) = delete;

  /// The power goes at the `operations`-th write, truncation, sync, creation or removal from now:
  /// that one is under way when it happens. 0: not by itself.
  void cut_after(std::uint64_t operations) { cut_in_ = operations; }

  void cut() { is_off_ = true; }

  bool is_off() const { return is_off_; }

  /// Power is back. Handles of before are void: what they referred to may be another file now.
  void restore();
  /// Only the process died: what it wrote is still there, and every handle is void.
  void process_died();

  /// No write finds room, not even over what is there: file systems that copy on write are so.
  void set_full(bool full) { is_full_ = full; }

  /// Changes made so far, over all lives.
  std::uint64_t operations() const { return operations_; }

  /// Null when there is no such file and none is to be made, or the power is off.
  InodePtr open(const std::string& path, bool create);

  bool exists(const std::string& path) const { return names_.contains(path); }

  // Each is false when the power is, or just went, off.
  bool write(Inode& file, std::uint64_t offset, std::string_view bytes);
  bool truncate(Inode& file, std::uint64_t size);
  bool sync(Inode& file);
  bool sync_directory();
  bool remove(const std::string& path);

  bool is_full() const { return is_full_; }

  std::uint64_t random();

 private:
  struct NameChange {
    std::string path;
    InodePtr file;  // null: removed
  };

  bool begin_operation();

  bool chance(std::uint64_t in_100) { return random() % 100 < in_100; }

  void survive(Inode& file);
  void survive_write(const Change& change, std::uint64_t in_100, std::string* content);

  std::map<std::string, InodePtr> names_;
  std::map<std::string, InodePtr> durable_names_;
  std::vector<NameChange> name_changes_;
  std::uint64_t random_;
  std::uint64_t operations_ = 0;
  std::uint64_t cut_in_ = 0;
  bool is_off_ = false;
  bool is_full_ = false;
};

}  // namespace cox::power
