// The accepting side of the handshake: who connects, and is the proof good?
#include <algorithm>

#include "common/node_list.h"
#include "common/text.h"
#include "wire/handshake.h"
#include "wire/join_token.h"

namespace cox::wire {
namespace {

std::string versions_text(std::uint32_t low, std::uint32_t high) {
  return low == high ? std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
}

}  // namespace

Result<void> Channel::Body::accept_hello(const Hello& hello, HelloReply* reply) {
  const auto protocol = std::min(hello.protocol_max(), protocol_version);
  if (protocol < hello.protocol_min() || protocol < protocol_oldest) {
    return refuse("protocol " + versions_text(hello.protocol_min(), hello.protocol_max()) +
                  " is not spoken here, only " + versions_text(protocol_oldest, protocol_version));
  }
  if (hello.nonce().size() != nonce_bytes) {
    return refuse("a nonce of " + std::to_string(hello.nonce().size()) + " bytes, not 32");
  }
  if (hello.kind() <= PEER_UNKNOWN || hello.kind() > PeerKind_MAX) {
    return refuse("peer kind " + std::to_string(hello.kind()) + " is unknown");
  }
  const bool named =
      hello.kind() == PEER_NODE || hello.kind() == PEER_FORWARD || !hello.name().empty();
  if (named && (hello.name().size() > name_bytes_max || !is_node_name(hello.name()))) {
    return refuse("'" + quoted(hello.name()) + "' is no node name");
  }
  if (hello.version().size() > name_bytes_max) return refuse("the version text is too long");
  if (!hello.token().empty()) {
    const bool is_of_use = hello.kind() == PEER_CLIENT && options.auth == AUTH_KEY &&
                           options.takes_tokens && hello.token().size() == token_public_bytes;
    if (!is_of_use) return refuse("a token is of no use here");
    options.key = token_secret(options.key, hello.token());
    peer.token = hello.token();
  }
  if (options.auth == AUTH_KEY && options.key.size() != secret_bytes) {
    return refuse("this side has no cluster key");
  }
  if (options.auth == AUTH_MUNGE && options.credentials == nullptr) {
    return refuse("this side has no munge");
  }
  peer.kind = hello.kind();
  peer.name = hello.name();
  peer.version = hello.version();
  peer.protocol = protocol;
  reply->set_protocol(protocol);
  return {};
}

Result<void> Channel::Body::on_hello(const std::string& payload) {
  Hello hello;
  HelloReply reply;
  reply.set_version(std::string(software_version));
  const auto accepted = hello.ParseFromString(payload)
                            ? accept_hello(hello, &reply)
                            : Result<void>(refuse("the first frame is no hello"));
  if (!accepted) {
    reply.set_error(accepted.error().message);
    write(reply);
    return accepted;
  }
  reply.set_auth(options.auth);
  reply.set_nonce(options.nonce);
  reply.set_uid(options.auth == AUTH_MUNGE ? options.uid : 0);
  const auto bytes = reply.SerializeAsString();
  writer.append(bytes, &out);
  transcript = digest_of({}, {label_transcript, payload, bytes});
  awaits = Step::proof;
  return {};
}

Result<void> Channel::Body::check_key_proof(const Proof& proof) {
  const auto want = digest_of(options.key, {label_proof_connecting, as_text(transcript)});
  if (!same_bytes(as_text(want), proof.proof())) {
    return refuse(peer.token.empty() ? "the keys differ" : "the token is not of this cluster");
  }
  peer.uid = options.uid;
  peer.gid = options.gid;
  use_session(options.key);
  return {};
}

Result<void> Channel::Body::check_credential(const Proof& proof) {
  auto decoded = options.credentials->decode(proof.proof());
  if (!decoded) return Failure(decoded.error());
  const std::string_view payload = decoded->payload;
  const auto head = munge_head.size() + transcript.size();
  if (payload.size() != head + secret_bytes || !payload.starts_with(munge_head) ||
      !same_bytes(payload.substr(munge_head.size(), transcript.size()), as_text(transcript))) {
    return refuse("the credential is not of this connection");
  }
  peer.uid = decoded->uid;
  peer.gid = decoded->gid;
  use_session(payload.substr(head));
  return {};
}

Result<void> Channel::Body::on_proof(const std::string& payload) {
  Proof proof;
  Result<void> good = refuse("the third frame is no proof");
  if (proof.ParseFromString(payload)) {
    if (options.auth == AUTH_PEERCRED) {
      peer.uid = options.uid;
      peer.gid = options.gid;
      good = {};
    } else {
      good = options.auth == AUTH_KEY ? check_key_proof(proof) : check_credential(proof);
    }
  }
  Welcome welcome;
  if (!good) {
    welcome.set_error(good.error().message);
    write(welcome);
    // The other side waits for a MAC here; no key is shared that could make one.
    if (options.auth != AUTH_PEERCRED) out.append(mac_bytes, '\0');
    return good;
  }
  peer.auth = options.auth;
  if (options.auth == AUTH_KEY) {
    const auto digest = digest_of(options.key, {label_proof_accepting, as_text(transcript)});
    welcome.set_proof(std::string(as_text(digest)));
  }
  write(welcome);
  open();
  return {};
}

}  // namespace cox::wire
