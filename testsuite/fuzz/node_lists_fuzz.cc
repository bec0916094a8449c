// Node lists: the limit holds, and folding and expanding give the same names.
#include "common/node_list.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t limit = 2000;
  const std::string_view text = fuzz::text_of(data, size);
  const auto names = expand_node_list(text, limit);
  if (!names) {
    fuzz::require_readable(names.error());
    return 0;
  }
  require(names->size() <= limit, "more names than the limit");
  for (const std::string& name : *names) require(is_node_name(name), "a name that is none");
  const auto again = expand_node_list(fold_node_list(*names), limit);
  require(again && *again == *names, "the folded list names others");
  return 0;
}
