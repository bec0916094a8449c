// UseToken: a host shows a token and wants to become a node. A token is good once, and for a time;
// that it is of this cluster its connection has proved (wire/join_token.h).
#include "common/node_list.h"
#include "common/text.h"
#include "core/scene.h"

namespace cox::core {

Result<Facts> decide_one(const Scene& scene, const UseToken& ask) {
  constexpr const char* mend = " (a new one: cox join --print-token)";
  if (ask.until < scene.now) {
    return fail(Code::not_permitted, "the token was good until " + to_utc_text(ask.until) + mend);
  }
  if (scene.state.record.tokens_used.contains(ask.token)) {
    return fail(Code::not_permitted, std::string("the token was used already") + mend);
  }
  if (!is_node_name(ask.node)) {
    return fail(Code::bad_usage, quoted(ask.node) + " is no name of a node");
  }
  const auto known = scene.state.node_named(ask.node);
  if (known && scene.contact.is_connected(*known)) {
    return fail(Code::refused, "node " + ask.node +
                                   " is in the cluster already (see: --name, and: cox show node " +
                                   ask.node + ")");
  }
  return Facts{TokenUsed{ask.token, scene.now, ask.until, ask.node}};
}

}  // namespace cox::core
