// See nothing.h.
#include "cmds/client/nothing.h"

#include <algorithm>
#include <string>

#include "cmds/client/terminal.h"
#include "common/text.h"

namespace cox::cmds {

void note_nothing(const Parsed& given,
                  std::string_view what,
                  std::initializer_list<std::string_view> choosing) {
  if (given.has("json") || given.has("no-header")) return;
  std::string chosen;
  for (const GivenOption& option : given.options()) {
    if (std::ranges::find(choosing, option.spec->name) == choosing.end()) continue;
    chosen += " --" + std::string(option.spec->name) + " " + quoted(option.value);
  }
  if (!chosen.empty()) print_error("no " + std::string(what) + " matches" + chosen);
}

Result<void> check_partitions(const Parsed& given, Session& session, bool is_any_found) {
  if (!given.has("partition")) return {};
  const std::string wanted = given.list("partition");
  if (is_any_found && wanted.find(',') == std::string::npos) return {};
  wire::ClientRequest request;
  request.mutable_list_partitions();
  const auto reply = session.ask_surely(request);
  if (!reply) return Failure(reply.error());
  const auto& known = reply->partitions().partitions();
  for (const std::string_view want : split(wanted, ',')) {
    const bool is_known = std::any_of(known.begin(), known.end(),
                                      [&](const auto& have) { return have.name() == want; });
    if (is_known || want.empty()) continue;
    return fail(Code::not_found, "--partition " + quoted(wanted) + ": no partition " +
                                     quoted(want) + " (see: cox partitions)");
  }
  return {};
}

}  // namespace cox::cmds
