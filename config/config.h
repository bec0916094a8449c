// The TOML file as a checked value. Every key is in man/coxswain.toml.5; without a file each has
// its default. The file is checked as a whole: all complaints come at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "model/settings.h"

namespace cox::config {

/// A longer file is refused before it is read.
inline constexpr std::size_t file_bytes_max = 4U << 20;
/// More complaints than this are counted, not listed.
inline constexpr std::size_t complaints_max = 20;

struct Config {
  Settings settings;
  std::vector<std::string> warnings;         // "FILE:LINE:COLUMN: KEY: what is of no use yet"
  std::uint32_t checkpoint_facts = 100'000;  // journaled between two checkpoints
  std::string state_dir;            // absolute; empty: below the controller's own directory
  std::vector<std::string> listen;  // "host:port" beside the controller's own socket
  bool root_from_nodes = true;      // a node may vouch for root; false by default under munge
};

/// The users that names in the file can mean. Without `find` they stay names.
struct UserNames {
  std::function<std::optional<Uid>(const std::string& name)> find{};
  std::function<std::vector<std::string>()> known{};  // of which the nearest is named
  bool refuses_unknown = false;                       // for a role: a complaint, not a warning
  bool looks_at_accounts = false;
};

/// A configuration as a file: parse() gives the same one for it.
std::string to_toml(const Config& config);
/// Settings alone: without the keys that only a start reads.
std::string to_toml(const Settings& settings);

/// `path` empty: the defaults. error: not_found or not_permitted for the file itself, else
/// bad_usage with one line per complaint, "FILE:LINE:COLUMN: KEY: what is wrong", in file order
/// `set`: "KEY=VALUE", put over what the file says.
Result<Config> load(const std::string& path,
                    const std::vector<std::string>& set = {},
                    const UserNames& users = {});
/// The same from text; `name` stands for the file in complaints.
Result<Config> parse(std::string_view text,
                     const std::string& name,
                     const std::vector<std::string>& set = {},
                     const UserNames& users = {});

}  // namespace cox::config
