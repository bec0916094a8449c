// Numbers to connections.
#include "ctld/link_table.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace cox::ctld {

namespace {

// A peer that takes nothing is closed rather than kept in memory. A node's is larger: a prepare may
// carry a script and an environment for each of many jobs.
constexpr std::size_t client_bytes_max = 64U << 20;
constexpr std::size_t node_bytes_max = 256U << 20;

}  // namespace

Session LinkTable::add_node(Link link) {
  nodes_.emplace(Session(++last_session_.value), std::move(link));
  return last_session_;
}

ClientId LinkTable::add_client(Link link) {
  clients_.emplace(ClientId(++last_client_.value), std::move(link));
  return last_client_;
}

LinkTable::Link LinkTable::remove(Session session) {
  auto node = nodes_.extract(session);
  return node.empty() ? nullptr : std::move(node.mapped());
}

LinkTable::Link LinkTable::remove(ClientId client) {
  auto node = clients_.extract(client);
  return node.empty() ? nullptr : std::move(node.mapped());
}

void LinkTable::close_all() {
  for (const auto& [session, link] : nodes_) link->close(true);
  for (const auto& [client, link] : clients_) link->close(true);
}

void LinkTable::send(Session session, const std::string& payload) {
  const auto link = nodes_.find(session);
  if (link == nodes_.end()) return;
  link->second->send(payload);
  if (link->second->stream().queued_bytes() > node_bytes_max) stuck_nodes_.push_back(session);
}

void LinkTable::trim_clients(std::size_t bytes_max) {
  std::size_t held = 0;
  std::vector<std::pair<std::size_t, ClientId>> by_size;
  for (const auto& [client, link] : clients_) {
    const std::size_t bytes = link->held_bytes();
    if (bytes == 0) continue;
    held += bytes;
    by_size.emplace_back(bytes, client);
  }
  if (held <= bytes_max) return;
  std::ranges::sort(by_size, std::greater<>());
  for (const auto& [bytes, client] : by_size) {
    if (held <= bytes_max) return;
    held -= bytes;
    stuck_clients_.push_back(client);
  }
}

/// After close() the link calls nobody back, so the entry goes at once.
void LinkTable::drop(Session session) {
  if (const Link link = remove(session)) link->close(true);
}

void LinkTable::send(ClientId client, const std::string& payload) {
  const auto link = clients_.find(client);
  if (link == clients_.end()) return;
  link->second->send(payload);
  if (link->second->stream().queued_bytes() > client_bytes_max) stuck_clients_.push_back(client);
}

std::size_t LinkTable::queued_bytes(ClientId client) const {
  const auto link = clients_.find(client);
  return link == clients_.end() ? 0 : link->second->stream().queued_bytes();
}

}  // namespace cox::ctld
