// The daemon's open connections by the controller's numbers for them.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ctld/outside.h"
#include "link/link.h"

namespace cox::ctld {

class LinkTable final : public NodeLinks, public ClientLinks {
 public:
  using Link = std::shared_ptr<link::Link>;

  Session add_node(Link link);
  ClientId add_client(Link link);
  /// Takes it off the table, for closing; null when it is not there.
  Link remove(Session session);
  Link remove(ClientId client);
  /// Closes everything, after what is queued has left.
  void close_all();

  /// While clients make us hold more than `bytes_max` together, those with the most are stuck.
  void trim_clients(std::size_t bytes_max);

  /// Peers that took too little for too long: they are to be closed as if they had gone.
  std::vector<Session> take_stuck_nodes() { return std::exchange(stuck_nodes_, {}); }

  std::vector<ClientId> take_stuck_clients() { return std::exchange(stuck_clients_, {}); }

  void send(Session session, const std::string& payload) override;
  void drop(Session session) override;
  void send(ClientId client, const std::string& payload) override;
  std::size_t queued_bytes(ClientId client) const override;

  void cut_off(ClientId client) override { stuck_clients_.push_back(client); }

 private:
  std::map<Session, Link> nodes_;
  std::map<ClientId, Link> clients_;
  std::vector<Session> stuck_nodes_;
  std::vector<ClientId> stuck_clients_;
  Session last_session_;
  ClientId last_client_;
};

}  // namespace cox::ctld
