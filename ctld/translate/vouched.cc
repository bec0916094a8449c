// An ordinary user is what the node says; who would be an administrator needs the site's word too.
#include "ctld/translate/vouched.h"

#include <limits>

#include "common/text.h"
#include "wire/client.pb.h"

namespace cox::ctld {

Result<Caller> translate_vouched(const std::string& frame,
                                 const std::string& node,
                                 const core::State& state,
                                 const VouchRules& rules) {
  constexpr auto nobody = std::numeric_limits<std::uint32_t>::max();  // (uid_t)-1 names no user
  wire::Vouched vouched;
  const bool is_whole = vouched.ParseFromString(frame) && vouched.has_uid() && vouched.has_gid();
  if (!is_whole || vouched.uid() == nobody || vouched.gid() == nobody) {
    return fail(Code::bad_usage, "node " + quoted(node) + " does not say for whom it speaks");
  }
  if (!state.node_named(node)) {
    return fail(Code::not_permitted, "node " + quoted(node) + " is not registered here");
  }
  if (vouched.uid() != 0 && vouched.uid() != rules.own) {
    return Caller{vouched.uid(), vouched.gid(), Role::user, !rules.root_from_nodes};
  }
  if (!rules.root_from_nodes) {
    return fail(Code::not_permitted, "node " + quoted(node) + " may not speak for uid " +
                                         std::to_string(vouched.uid()) +
                                         " (see: root_from_nodes in man coxswain.toml)");
  }
  return Caller{vouched.uid(), vouched.gid(), Role::administrator};
}

}  // namespace cox::ctld
