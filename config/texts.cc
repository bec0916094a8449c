// See texts.h.
#include "config/texts.h"

#include <algorithm>

#include "common/node_list.h"
#include "common/text.h"
#include "model/selector.h"

namespace cox::config {

std::string check_name(const std::string& name) {
  if (is_node_name(name)) return {};
  return '"' + quoted(name) + "\" is no name: letters, digits, '-', '_', '.', at most 64";
}

std::string check_directory(const std::string& path) {
  const bool is_absolute = !path.empty() && path[0] == '/';
  return is_absolute ? std::string() : '"' + quoted(path) + "\" is no absolute path";
}

std::string check_program(const std::string& path) {
  constexpr std::size_t bytes_max = 4095;  // of a path
  const std::string wrong = check_directory(path);
  if (!wrong.empty()) return wrong;
  const bool is_whole = path.size() <= bytes_max && path.find('\0') == std::string::npos;
  return is_whole ? std::string() : '"' + quoted(path) + "\" is no path";
}

std::string check_nodes(const std::string& list) {
  if (list.empty()) return "an empty list; leave the key out for every node";
  const auto names = expand_node_list(list);
  return names ? std::string() : names.error().message;
}

std::string check_user(const std::string& name) {
  const bool is_plain =
      !name.empty() && name.size() <= 256 && std::ranges::all_of(name, [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != ':' && c != '\x7f';
      });
  return is_plain ? std::string() : '"' + quoted(name) + "\" is no name of a user";
}

std::string check_selector(const std::string& text) {
  if (text.empty()) return "an empty selector; leave the key out for every node";
  const auto selector = Selector::parse(text);
  return selector ? std::string() : selector.error().message;
}

std::string check_host(const std::string& text) {
  const std::string wrong = '"' + quoted(text) + "\" is no HOST or HOST:PORT";
  std::string host = text;
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  const bool is_v6 = !text.empty() && text[0] == '[' && bracket != std::string::npos;
  if (colon != std::string::npos && (!is_v6 || colon > bracket)) {
    const auto port = parse_u64(text.substr(colon + 1));
    if (!port || *port == 0 || *port > 65'535) return wrong;
    host = text.substr(0, colon);
  }
  if (is_v6) {
    const bool is_closed = host.back() == ']' && host.size() > 2;
    const bool is_hex = host.find_first_not_of("0123456789abcdefABCDEF:.[]%") == std::string::npos;
    return is_closed && is_hex ? std::string() : wrong;
  }
  if (host.empty() || host.size() > 253) return wrong;
  const bool is_plain = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
  });
  return is_plain ? std::string() : wrong;
}

}  // namespace cox::config
