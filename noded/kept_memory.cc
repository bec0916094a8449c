// One line: the identity, then MiB per NUMA node.
#include "noded/kept_memory.h"

#include <string_view>

#include "common/text.h"
#include "platform/file.h"

namespace cox::noded {
namespace {

constexpr std::size_t file_bytes_max = 64U << 10;

std::string identity_of(const Options& options, const NodeInventory& inventory) {
  const auto& hash = inventory.node_class.hash.bytes;
  return inventory.boot_id + " " +
         to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()}) + " 1/" +
         std::to_string(options.memory_fraction) + " " + to_hex(options.topology);
}

bool is_still_there(std::int64_t kept, std::int64_t found) {
  return found >= kept - kept / 20;
}

}  // namespace

std::vector<std::int64_t> kept_memory(const std::string& text,
                                      const std::string& identity,
                                      const std::vector<std::int64_t>& found) {
  if (!text.starts_with(identity + "\t")) return found;
  std::vector<std::int64_t> kept;
  for (const std::string_view word :
       split(trim(std::string_view(text).substr(identity.size() + 1)), ' ')) {
    const auto mib = parse_i64(word);
    if (!mib || kept.size() == found.size()) return found;
    if (!is_still_there(*mib, found[kept.size()])) return found;
    kept.push_back(*mib);
  }
  return kept.size() == found.size() ? kept : found;
}

std::string kept_memory_text(const std::string& identity, const std::vector<std::int64_t>& memory) {
  std::vector<std::string> words;
  for (const std::int64_t mib : memory) words.push_back(std::to_string(mib));
  return identity + "\t" + join(words, " ") + "\n";
}

void keep_memory(const Paths& paths,
                 const Options& options,
                 const Log& log,
                 NodeInventory* inventory) {
  const std::string identity = identity_of(options, *inventory);
  if (const auto text = platform::read_file(paths.memory_file(), file_bytes_max)) {
    inventory->memory_mib = kept_memory(*text, identity, inventory->memory_mib);
  }
  const auto written = platform::write_file_atomic(
      paths.memory_file(), kept_memory_text(identity, inventory->memory_mib));
  if (!written) log.warning(written.error().message);
}

}  // namespace cox::noded
