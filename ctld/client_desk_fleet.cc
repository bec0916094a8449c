// What people do to nodes, partitions and the configuration.
#include <map>
#include <utility>

#include "common/node_list.h"
#include "common/text.h"
#include "ctld/client_desk.h"
#include "ctld/translate/replies.h"
#include "model/node_state.h"
#include "wire/join_token.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

constexpr int partitions_named_max = 4096;

bool takes_work(const wire::NodeView& view) {
  const auto state = parse_node_state(view.state());
  return state == NodeState::idle || state == NodeState::mixed || state == NodeState::allocated;
}

/// Asks for each name by itself: those that can be done are.
template <class Names, class Ask>
wire::ClientReply each(const Names& names, Ask ask) {
  wire::ClientReply answer;
  wire::Done* done = answer.mutable_done();
  for (const std::string& name : names) {
    if (const Result<void> asked = ask(name)) {
      done->set_count(done->count() + 1);
    } else {
      wire::ActionError* error = done->add_errors();
      error->set_name(name);
      wire::put(asked.error(), error->mutable_error());
    }
  }
  return answer;
}

}  // namespace

void ClientDesk::with_name(const Caller& caller, const std::function<void(const Caller&)>& then) {
  users_.resolve(caller.uid, caller.gid, machine_.now(), [=](const Result<UserIdentity>& user) {
    Caller named = caller;
    named.name = user ? user->name : std::to_string(caller.uid);
    then(named);
  });
}

void ClientDesk::act_on_nodes(const Conversation& to,
                              const Caller& caller,
                              const wire::NodeAction& action) {
  auto names = expand_node_list(action.names());
  if (!names) return refuse(to, names.error());
  with_name(caller, [=, this, all = std::move(*names)](const Caller& named) {
    const RequestScope scope(to.request);
    auto answer = each(all, [&](const std::string& name) -> Result<void> {
      auto request = translate_node_action(action, named, named.name, name);
      if (!request) return tl::unexpected(request.error());
      return machine_.ask(*request);
    });
    if (action.kind() == wire::NodeAction::RESUME) answer.set_notice(still_away(all));
    reply(to, std::move(answer), true, false);
  });
}

/// Of nodes that were resumed those that take no work all the same.
std::string ClientDesk::still_away(const std::vector<std::string>& names) const {
  std::map<std::string, std::vector<std::string>> alike;  // by what is said of them
  for (const std::string& name : names) {
    const auto id = state().node_named(name);
    if (!id.has_value()) continue;
    wire::NodeView view;
    put_node(state(), machine_.contact(), machine_.now(), *state().find_node(*id), &view);
    if (takes_work(view)) continue;
    const std::string why = view.reason().empty() ? "" : ": " + view.reason();
    alike[" still takes no work: it is " + view.state() + why].push_back(name);
  }
  std::vector<std::string> lines;
  for (const auto& [text, nodes] : alike) lines.push_back("node " + fold_node_list(nodes) + text);
  return join(lines, "; ");
}

void ClientDesk::admit(const Conversation& to, const std::string& token, const wire::Join& join) {
  if (storage_full_) {
    return refuse(to, {Code::storage_full, "the disk of " + about_.state_dir + " is full"});
  }
  const auto asked = machine_.ask(core::UseToken{token, wire::token_until(token), join.node()});
  if (!asked) return refuse(to, asked.error());
  wire::ClientReply answer;
  const wire::JoinToken whole{token, wire::token_secret(cluster_key_, token)};
  answer.mutable_joined()->set_sealed_key(wire::seal_key(whole, cluster_key_));
  reply(to, std::move(answer), true, false);
}

void ClientDesk::act_on_partitions(const Conversation& to,
                                   const Caller& caller,
                                   const wire::PartitionAction& action) {
  if (action.names_size() > partitions_named_max) {
    return refuse(to, {Code::bad_usage, std::to_string(action.names_size()) +
                                            " partitions in one request are over the limit of " +
                                            std::to_string(partitions_named_max)});
  }
  with_name(caller, [=, this](const Caller& named) {
    const RequestScope scope(to.request);
    auto answer = each(action.names(), [&](const std::string& name) -> Result<void> {
      auto request = translate_partition_action(action, named, named.name, name);
      if (!request) return tl::unexpected(request.error());
      return machine_.ask(*request);
    });
    reply(to, std::move(answer), true, false);
  });
}

void ClientDesk::act_on_config(const Conversation& to,
                               const Caller& caller,
                               const wire::ConfigAction& action) {
  const bool is_read =
      action.kind() != wire::ConfigAction::APPLY && action.kind() != wire::ConfigAction::ROLLBACK;
  const auto answer = [=, this](Result<wire::ClientReply> made) {
    if (!made) return refuse(to, made.error());
    reply(to, std::move(*made), true, is_read);
  };
  with_name(caller, [=, this](const Caller& named) {
    const RequestScope scope(to.request);
    configs_.act(action, named, named.name, answer);
  });
}

}  // namespace cox::ctld
