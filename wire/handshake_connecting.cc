// The connecting side of the handshake: what is asked of us, may it be given, and to whom?
#include "common/assert.h"
#include "common/text.h"
#include "wire/handshake.h"

namespace cox::wire {
namespace {

const char* auth_name(int auth) {
  switch (auth) {
    case AUTH_PEERCRED:
      return "peer credentials";
    case AUTH_KEY:
      return "the cluster's key";
    case AUTH_MUNGE:
      return "munge";
    default:
      return "an unknown proof";
  }
}

}  // namespace

void Channel::Body::say_hello() {
  Hello hello;
  hello.set_protocol_min(protocol_oldest);
  hello.set_protocol_max(protocol_version);
  hello.set_kind(options.kind);
  hello.set_nonce(options.nonce);
  hello.set_name(options.name);
  hello.set_version(std::string(software_version));
  hello.set_token(options.token);
  my_hello = hello.SerializeAsString();
  writer.append(my_hello, &out);
  awaits = Step::reply;
  if (options.assumes_peercred) {
    write(Proof());
    start_sending();
  }
}

Result<void> Channel::Body::check_reply(const HelloReply& reply) const {
  if (!reply.error().empty()) return fail(Code::refused, "refused: " + quoted(reply.error(), 400));
  if (reply.protocol() < protocol_oldest || reply.protocol() > protocol_version) {
    return refuse("the other side chose protocol " + std::to_string(reply.protocol()));
  }
  if (reply.nonce().size() != nonce_bytes) {
    return refuse("a nonce of " + std::to_string(reply.nonce().size()) + " bytes, not 32");
  }
  if (reply.version().size() > name_bytes_max) return refuse("the version text is too long");
  const bool may_prove = !options.assumes_peercred;
  const bool able = (reply.auth() == AUTH_PEERCRED && options.auth == AUTH_PEERCRED) ||
                    (may_prove && reply.auth() == AUTH_KEY && options.key.size() == secret_bytes) ||
                    (may_prove && reply.auth() == AUTH_MUNGE && options.credentials != nullptr);
  if (able) return {};
  return refuse(std::string("the other side asks for ") + auth_name(reply.auth()) +
                ", which this side does not offer");
}

Result<Proof> Channel::Body::make_credential(const HelloReply& reply) {
  // A credential that a stranger may decode would let the stranger pass for the other side.
  if (reply.uid() != 0 && reply.uid() != options.uid && reply.uid() != options.server_uid) {
    return refuse("the other side runs as uid " + std::to_string(reply.uid()) +
                  ", which is not trusted");
  }
  ASSERT(options.secret.size() == secret_bytes);
  std::string payload(munge_head);
  payload.append(as_text(transcript)).append(options.secret);
  auto credential = options.credentials->encode(payload, reply.uid());
  if (!credential) return Failure(credential.error());
  Proof proof;
  proof.set_proof(*std::move(credential));
  use_session(options.secret);
  return proof;
}

Result<Proof> Channel::Body::make_proof(const HelloReply& reply) {
  Proof proof;
  if (reply.auth() == AUTH_MUNGE) return make_credential(reply);
  if (reply.auth() == AUTH_KEY) {
    const auto digest = digest_of(options.key, {label_proof_connecting, as_text(transcript)});
    proof.set_proof(std::string(as_text(digest)));
    use_session(options.key);
  }
  return proof;
}

Result<void> Channel::Body::on_reply(const std::string& payload) {
  HelloReply reply;
  if (!reply.ParseFromString(payload)) return refuse("the answer to the hello is no reply");
  if (const auto good = check_reply(reply); !good) return good;
  transcript = digest_of({}, {label_transcript, my_hello, payload});
  peer.kind = PEER_DAEMON;
  peer.auth = reply.auth();
  peer.version = reply.version();
  peer.protocol = reply.protocol();
  peer.uid = reply.auth() == AUTH_MUNGE ? reply.uid() : options.uid;
  peer.gid = options.gid;
  awaits = Step::welcome;
  if (options.assumes_peercred) return {};
  auto proof = make_proof(reply);
  if (!proof) return Failure(proof.error());
  // The proof itself goes in the clear, so it is framed without the key that its making set.
  FrameWriter().append(proof->SerializeAsString(), &out);
  if (reply.auth() == AUTH_PEERCRED) start_sending();
  return {};
}

Result<void> Channel::Body::on_welcome(const std::string& payload) {
  Welcome welcome;
  if (!welcome.ParseFromString(payload)) return refuse("the answer to the proof is no welcome");
  if (!welcome.error().empty()) {
    return fail(Code::not_permitted, "refused: " + quoted(welcome.error(), 400));
  }
  if (peer.auth == AUTH_KEY) {
    const auto want = digest_of(options.key, {label_proof_accepting, as_text(transcript)});
    if (!same_bytes(as_text(want), welcome.proof())) return refuse("the keys differ");
  }
  open();
  return {};
}

std::optional<cox::Error> Channel::Body::unproved_welcome(const std::string& payload) const {
  Welcome welcome;
  if (!welcome.ParseFromString(payload) || welcome.error().empty()) return std::nullopt;
  return cox::Error{Code::not_permitted, "refused: " + quoted(welcome.error(), 400)};
}

}  // namespace cox::wire
