// Keys and values, and the form in which they travel: two lengths of four bytes, key, value.
#include "noded/stepd/pmi/pmi_space.h"

#include <algorithm>

#include "common/text.h"

namespace cox::stepd {
namespace {

constexpr std::size_t length_bytes = 4;

void put_length(std::size_t length, std::string* out) {
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out->push_back(static_cast<char>((length >> (8 * i)) & 0xffU));
  }
}

std::size_t length_at(std::string_view data, std::size_t at) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    length |= static_cast<std::size_t>(static_cast<unsigned char>(data[at + i])) << (8 * i);
  }
  return length;
}

bool is_printable(std::string_view text, char lowest) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return c >= lowest && c < 0x7f; });
}

}  // namespace

Result<void> PmiSpace::put(const std::string& key, const std::string& value) {
  if (key.empty() || key.size() >= pmi_key_max || !is_printable(key, '!')) {
    return bad_usage("key " + quoted(key) + ": 1 to " + std::to_string(pmi_key_max - 1) +
                     " printable characters are expected");
  }
  if (value.size() >= pmi_value_max || !is_printable(value, ' ')) {
    return bad_usage("value of key " + quoted(key) + ": at most " +
                     std::to_string(pmi_value_max - 1) + " printable characters are expected");
  }
  if (auto stored = store(key, value); !stored) {
    return stored;
  }
  unsent_[key] = value;
  return {};
}

Result<void> PmiSpace::store(const std::string& key, const std::string& value) {
  const auto found = values_.find(key);
  const std::size_t before =
      found == values_.end() ? 0 : found->first.size() + found->second.size();
  const std::size_t after = bytes_ - before + key.size() + value.size();
  if (after > bytes_max_) {
    return fail(Code::refused, "key " + quoted(key) + ": no room beside the " +
                                   std::to_string(bytes_) + " bytes of keys and values");
  }
  bytes_ = after;
  values_[key] = value;
  return {};
}

const std::string* PmiSpace::get(const std::string& key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::string PmiSpace::take_unsent() {
  std::string out;
  for (const auto& [key, value] : unsent_) {
    put_length(key.size(), &out);
    put_length(value.size(), &out);
    out += key;
    out += value;
  }
  unsent_.clear();
  return out;
}

Result<void> PmiSpace::merge(std::string_view data) {
  while (!data.empty()) {
    if (data.size() < 2 * length_bytes) {
      return fail(Code::internal, "keys of other nodes: cut short");
    }
    const std::size_t key_size = length_at(data, 0);
    const std::size_t value_size = length_at(data, length_bytes);
    data.remove_prefix(2 * length_bytes);
    if (key_size == 0 || key_size >= pmi_key_max || value_size >= pmi_value_max ||
        key_size + value_size > data.size()) {
      return fail(Code::internal, "keys of other nodes: a key of " + std::to_string(key_size) +
                                      " bytes with " + std::to_string(value_size));
    }
    const std::string key(data.substr(0, key_size));
    if (auto stored = store(key, std::string(data.substr(key_size, value_size))); !stored) {
      return stored;
    }
    data.remove_prefix(key_size + value_size);
  }
  return {};
}

}  // namespace cox::stepd
