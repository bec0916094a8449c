// The readers of single values and the walk over a table's keys.
#include "config/reader.h"

#include <algorithm>

#include "common/text.h"
#include "model/memory_text.h"

namespace cox::config {
namespace {

constexpr std::int64_t memory_mib_max = std::int64_t{1} << 40;

std::string quote(std::string_view word) {
  return '"' + quoted(word) + '"';
}

std::string list(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + quote(word);
  return out;
}

std::string join_key(const std::string& where, std::string_view name) {
  const std::string key = quoted(name);
  return where.empty() ? key : where + "." + key;
}

std::string unknown_text(std::string_view name, const std::vector<std::string>& known) {
  const auto near = nearest(name, known);
  return near ? "unknown key; did you mean " + quote(*near) + "?" : "unknown key";
}

}  // namespace

std::string type_text(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a float";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

void Reader::complain(const toml::source_region& place,
                      const std::string& key,
                      const std::string& what) {
  complaints_.push_back({place.begin.line, place.begin.column, key + ": " + what});
}

void Reader::warn(const toml::source_region& place,
                  const std::string& key,
                  const std::string& what) {
  warnings_.push_back({place.begin.line, place.begin.column, key + ": " + what});
}

void Reader::read(const toml::table& table,
                  const std::string& where,
                  const std::vector<Key>& keys) {
  std::vector<std::string> known;
  for (const Key& key : keys) known.push_back(key.name);
  for (const auto& [name, value] : table) {
    const std::string_view word = name.str();
    const auto found =
        std::find_if(keys.begin(), keys.end(), [word](const Key& key) { return key.name == word; });
    if (found == keys.end()) {
      complain(name.source(), join_key(where, word), unknown_text(word, known));
    } else {
      if (!found->later.empty()) warn(name.source(), join_key(where, word), found->later);
      found->take(value);
    }
  }
}

const std::string* Reader::string_of(const toml::node& node, const std::string& key) {
  const auto* value = node.as_string();
  if (value == nullptr) {
    complain(node.source(), key, type_text(node.type()) + " where a string is needed");
    return nullptr;
  }
  const std::string& text = value->get();
  if (text.find('\0') == std::string::npos && text.size() <= 4096) return &text;
  complain(node.source(), key, quote(text) + " is too long or has a zero byte");
  return nullptr;
}

std::function<void(const toml::node&)> Reader::text(const std::string& key, std::string* out) {
  return [this, key, out](const toml::node& node) {
    if (const std::string* value = string_of(node, key)) *out = *value;
  };
}

std::function<void(const toml::node&)> Reader::flag(const std::string& key, bool* out) {
  return [this, key, out](const toml::node& node) {
    if (const auto* value = node.as_boolean()) {
      *out = value->get();
    } else {
      complain(node.source(), key, type_text(node.type()) + " where true or false is needed");
    }
  };
}

std::function<void(const toml::node&)> Reader::number(const std::string& key,
                                                      std::int64_t low,
                                                      std::int64_t high,
                                                      std::uint32_t* out) {
  return [this, key, low, high, out](const toml::node& node) {
    const auto* value = node.as_integer();
    if (value == nullptr) {
      complain(node.source(), key, type_text(node.type()) + " where an integer is needed");
    } else if (value->get() < low || value->get() > high) {
      complain(node.source(), key,
               std::to_string(value->get()) + " is not between " + std::to_string(low) + " and " +
                   std::to_string(high));
    } else {
      *out = static_cast<std::uint32_t>(value->get());
    }
  };
}

std::function<void(const toml::node&)> Reader::choice(const std::string& key,
                                                      const std::vector<std::string>& supported,
                                                      const std::vector<std::string>& later,
                                                      std::string* out) {
  return [this, key, supported, later, out](const toml::node& node) {
    const std::string* value = string_of(node, key);
    if (value == nullptr) return;
    if (std::find(supported.begin(), supported.end(), *value) != supported.end()) {
      *out = *value;
    } else if (std::find(later.begin(), later.end(), *value) != later.end()) {
      complain(node.source(), key, quote(*value) + " is not supported yet; " + list(supported));
    } else {
      complain(node.source(), key, quote(*value) + " is none of " + list(supported));
    }
  };
}

std::function<void(const toml::node&)> Reader::span(const std::string& key,
                                                    Duration low,
                                                    Duration high,
                                                    Duration* out) {
  return [this, key, low, high, out](const toml::node& node) {
    const std::string* value = string_of(node, key);
    if (value == nullptr) return;
    const auto read = parse_span(*value);
    if (!read) {
      complain(node.source(), key, read.error().message);
    } else if (*read < low || *read > high) {
      complain(node.source(), key,
               quote(*value) + " is not between " + std::to_string(low.us / 1'000'000) + "s and " +
                   std::to_string(high.us / 1'000'000) + "s");
    } else {
      *out = *read;
    }
  };
}

std::function<void(const toml::node&)> Reader::memory(const std::string& key, std::int64_t* mib) {
  return [this, key, mib](const toml::node& node) {
    const std::string* value = string_of(node, key);
    if (value == nullptr) return;
    const auto read = parse_memory_mib(*value);
    if (!read) {
      complain(node.source(), key, read.error().message);
    } else if (*read > memory_mib_max) {
      complain(node.source(), key, quote(*value) + " is more than any node has");
    } else {
      *mib = *read;
    }
  };
}

std::function<void(const toml::node&)> Reader::checked(const std::string& key,
                                                       std::string (*check)(const std::string&),
                                                       std::string* out) {
  return [this, key, check, out](const toml::node& node) {
    const std::string* value = string_of(node, key);
    if (value == nullptr) return;
    const std::string wrong = check(*value);
    if (wrong.empty()) {
      *out = *value;
    } else {
      complain(node.source(), key, wrong);
    }
  };
}

std::function<void(const toml::node&)> Reader::table(const std::string& name,
                                                     std::vector<Key> keys) {
  return [this, name, keys = std::move(keys)](const toml::node& node) {
    if (const auto* found = node.as_table()) {
      read(*found, name, keys);
    } else {
      complain(node.source(), name,
               type_text(node.type()) + " where a table [" + name + "] is needed");
    }
  };
}

std::function<void(const toml::node&)> Reader::tables(
    const std::string& name, std::function<void(const toml::table&)> take) {
  return [this, name, take = std::move(take)](const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr) {
      return complain(node.source(), name,
                      type_text(node.type()) + " where [[" + name + "]] is needed");
    }
    if (list->size() > static_cast<std::size_t>(settings_tables_max)) {
      return complain(node.source(), name,
                      std::to_string(list->size()) + " tables are over the limit of " +
                          std::to_string(settings_tables_max));
    }
    for (const toml::node& entry : *list) {
      if (const auto* found = entry.as_table()) {
        take(*found);
      } else {
        complain(entry.source(), name,
                 type_text(entry.type()) + " where [[" + name + "]] is needed");
      }
    }
  };
}

std::function<void(const toml::node&)> Reader::time_limit(const std::string& key, Duration* out) {
  return [this, key, out](const toml::node& node) {
    const std::string* value = string_of(node, key);
    if (value == nullptr) return;
    const auto read = parse_time_limit(*value);
    if (read) {
      *out = *read;
    } else {
      complain(node.source(), key, read.error().message);
    }
  };
}

}  // namespace cox::config
