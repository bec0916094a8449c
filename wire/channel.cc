// The handshake and the life of a channel. docs/protocol.md is normative for every rule here.
#include "wire/channel.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/assert.h"
#include "common/node_list.h"
#include "common/text.h"
#include "wire/frame_codec.h"

namespace cox::wire {
namespace {

constexpr std::size_t nonce_bytes = 32;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t name_bytes_max = 256;
constexpr std::string_view software_version = COX_VERSION;

// What a digest is for; part of its input, so that no digest can stand for another.
constexpr std::string_view label_transcript = "coxswain transcript 1";
constexpr std::string_view label_proof_connecting = "coxswain proof of the connecting side 1";
constexpr std::string_view label_proof_accepting = "coxswain proof of the accepting side 1";
constexpr std::string_view label_from_connecting = "coxswain session from the connecting side 1";
constexpr std::string_view label_from_accepting = "coxswain session from the accepting side 1";
constexpr std::string_view munge_head = "coxswain 1\n";

Failure refuse(std::string message) {
  return fail(Code::not_permitted, std::move(message));
}

std::string versions_text(std::uint32_t low, std::uint32_t high) {
  return low == high ? std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
}

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

struct Channel::Body {
  enum class Step { hello, reply, proof, welcome, open };

  ChannelOptions options;
  bool accepts = false;
  Step awaits = Step::open;  // the next frame that must come
  Peer peer;
  std::string my_hello;  // as sent or received: both sides digest the same bytes
  Digest transcript{};
  std::string out;
  std::vector<std::string> held;  // payloads sent before the channel was open
  bool sending = false;           // payloads may leave
  std::optional<cox::Error> broken;
  FrameReader reader{handshake_bytes_max};
  FrameWriter writer;

  template <class Message>
  void write(const Message& message) {
    writer.append(message.SerializeAsString(), &out);
  }

  void start_sending() {
    sending = true;
    for (const auto& payload : held) writer.append(payload, &out);
    held = {};
  }

  void open() {
    awaits = Step::open;
    reader.set_limit(frame_bytes_max);
    if (!sending) start_sending();
    options.key.clear();
    options.secret.clear();
  }

  void use_session(std::string_view secret) {
    const auto up = digest_of(secret, {label_from_connecting, as_text(transcript)});
    const auto down = digest_of(secret, {label_from_accepting, as_text(transcript)});
    reader.use_key(accepts ? up : down);
    writer.use_key(accepts ? down : up);
  }

  void say_hello();
  Result<void> on_hello(const std::string& payload);
  Result<void> on_reply(const std::string& payload);
  Result<void> on_proof(const std::string& payload);
  Result<void> on_welcome(const std::string& payload);
  Result<void> on_handshake(const std::string& payload);

  Result<void> accept_hello(const Hello& hello, HelloReply* reply);
  Result<void> check_reply(const HelloReply& reply) const;
  Result<Proof> make_proof(const HelloReply& reply);
  Result<Proof> make_credential(const HelloReply& reply);
  Result<void> check_key_proof(const Proof& proof);
  Result<void> check_credential(const Proof& proof);
  std::optional<cox::Error> unproved_welcome(const std::string& payload) const;
};

void Channel::Body::say_hello() {
  Hello hello;
  hello.set_protocol_min(protocol_oldest);
  hello.set_protocol_max(protocol_version);
  hello.set_kind(options.kind);
  hello.set_nonce(options.nonce);
  hello.set_name(options.name);
  hello.set_version(std::string(software_version));
  my_hello = hello.SerializeAsString();
  writer.append(my_hello, &out);
  awaits = Step::reply;
  if (options.assumes_peercred) {
    write(Proof());
    start_sending();
  }
}

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
  const bool named = hello.kind() == PEER_NODE || !hello.name().empty();
  if (named && (hello.name().size() > name_bytes_max || !is_node_name(hello.name()))) {
    return refuse("'" + quoted(hello.name()) + "' is no node name");
  }
  if (hello.version().size() > name_bytes_max) return refuse("the version text is too long");
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

Result<void> Channel::Body::check_key_proof(const Proof& proof) {
  const auto want = digest_of(options.key, {label_proof_connecting, as_text(transcript)});
  if (!same_bytes(as_text(want), proof.proof())) return refuse("the keys differ");
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

Result<void> Channel::Body::on_handshake(const std::string& payload) {
  switch (awaits) {
    case Step::hello:
      return on_hello(payload);
    case Step::reply:
      return on_reply(payload);
    case Step::proof:
      return on_proof(payload);
    case Step::welcome:
      return on_welcome(payload);
    case Step::open:
      break;
  }
  return {};
}

Channel::Channel(std::unique_ptr<Body> body) : body_(std::move(body)) {}

Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;
Channel::~Channel() = default;

Channel Channel::connecting(ChannelOptions options) {
  ASSERT(options.nonce.size() == nonce_bytes);
  auto body = std::make_unique<Body>();
  body->options = std::move(options);
  body->say_hello();
  return Channel(std::move(body));
}

Channel Channel::accepting(ChannelOptions options) {
  ASSERT(options.nonce.size() == nonce_bytes);
  ASSERT(options.auth > AUTH_NONE && options.auth <= AuthKind_MAX);
  auto body = std::make_unique<Body>();
  body->options = std::move(options);
  body->accepts = true;
  body->awaits = Body::Step::hello;
  return Channel(std::move(body));
}

Channel Channel::trusted() {
  auto body = std::make_unique<Body>();
  body->peer.protocol = protocol_version;
  body->open();
  return Channel(std::move(body));
}

Result<void> Channel::receive(std::string_view bytes, std::vector<std::string>* frames) {
  auto& body = *body_;
  while (!body.broken) {
    std::string payload;
    const auto whole = body.reader.next(&bytes, &payload);
    if (!whole) {
      body.broken = whole.error();
      // The reason may be worth showing, though nothing vouches for it.
      if (body.awaits == Body::Step::welcome) {
        if (auto told = body.unproved_welcome(payload)) body.broken = *std::move(told);
      }
      break;
    }
    if (!*whole) return {};
    if (body.awaits == Body::Step::open) {
      frames->push_back(std::move(payload));
      continue;
    }
    if (auto good = body.on_handshake(payload); !good) body.broken = good.error();
  }
  return Failure(*body.broken);
}

std::optional<cox::Error> Channel::Body::unproved_welcome(const std::string& payload) const {
  Welcome welcome;
  if (!welcome.ParseFromString(payload) || welcome.error().empty()) return std::nullopt;
  return cox::Error{Code::not_permitted, "refused: " + quoted(welcome.error(), 400)};
}

void Channel::send(std::string_view payload) {
  auto& body = *body_;
  if (body.broken) return;
  if (payload.size() > frame_bytes_max) {
    body.broken = cox::Error{Code::bad_usage, "a message of " + std::to_string(payload.size()) +
                                                  " bytes is over the limit of " +
                                                  std::to_string(frame_bytes_max)};
    return;
  }
  if (body.sending) {
    body.writer.append(payload, &body.out);
  } else {
    body.held.emplace_back(payload);
  }
}

std::string Channel::take_output() {
  return std::exchange(body_->out, {});
}

bool Channel::has_output() const {
  return !body_->out.empty();
}

std::string& Channel::output() {
  return body_->out;
}

Result<void> Channel::status() const {
  if (body_->broken) return Failure(*body_->broken);
  return {};
}

bool Channel::is_open() const {
  return body_->sending && !body_->broken;
}

const Peer& Channel::peer() const {
  return body_->peer;
}

}  // namespace cox::wire
