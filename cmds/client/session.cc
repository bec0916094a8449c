// Asks the controller over a blocking link. Commands that may be repeated survive its restart.
#include "cmds/client/session.h"

#include <google/protobuf/arena.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "cmds/client/local_instants.h"
#include "cmds/client/terminal.h"
#include "common/text.h"
#include "platform/log_line.h"
#include "platform/random.h"

namespace cox::cmds {
namespace {

constexpr Duration connect_time = seconds(10);
constexpr Duration silent_time = seconds(3);    // then people are told that it takes long
constexpr Duration patient_time = seconds(57);  // after that
constexpr Duration reconnect_time = seconds(60);
constexpr auto put_off_time = std::chrono::seconds(60);
constexpr auto put_off_max = std::chrono::milliseconds(8'000);
constexpr auto told_after = std::chrono::milliseconds(3'000);

constexpr unsigned pause_doublings_max = 6;
constexpr std::size_t slice_memory = 1U << 20;  // of a usual slice, taken apart

/// 20 ms, doubled with each break up to 1.28 s.
int pause_ms(unsigned breaks) {
  return 20 << std::min(breaks - 1, pause_doublings_max);
}

/// Ids of requests, for the controller's log: no other client has the same, and the next ones
/// follow.
std::uint64_t first_number() {
  const std::string bytes = platform::random_bytes(sizeof(std::uint64_t));
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  // Small numbers are no ids; and those that follow do not begin anew at 0.
  constexpr std::uint64_t high = std::uint64_t{1} << 62;
  return (number & (high - 1)) | high;
}

Result<link::ClientLink> connect(const ClusterAddress& cluster) {
  auto link = link::ClientLink::connect(cluster.address, cluster.key, connect_time);
  if (!link && link.error().code == Code::not_permitted && cluster.key.empty() &&
      !cluster.address.is_unix()) {
    return fail(link.error().code, link.error().message + " (see: COX_KEY_FILE in man cox)");
  }
  if (link || link.error().code != Code::unreachable) return link;
  return Failure(link.error().with_context("no controller"));
}

}  // namespace

Error to_error(const wire::Error& error) {
  const auto highest = static_cast<std::uint32_t>(Code::storage_full);
  const bool is_known = error.code() >= 1 && error.code() <= highest;
  return Error{is_known ? static_cast<Code>(error.code()) : Code::internal,
               with_local_instants(error.message())};
}

Result<Session> Session::open(const ClusterAddress& cluster) {
  auto link = connect(cluster);
  if (!link) return Failure(link.error());
  return Session(cluster, std::move(*link));
}

namespace {

/// Of a cluster of `cox up`, named by its directory or socket, that does not run; else "".
std::string mend_of(const platform::Address& address) {
  const std::string file = address.path.substr(address.path.rfind('/') + 1);
  if (!address.is_unix() || file.ends_with(".sock") != (file == "ctld.sock")) return "";
  const bool is_directory = file != "ctld.sock";
  const std::string dir =
      is_directory ? address.path : address.path.substr(0, address.path.size() - file.size() - 1);
  if (dir == "/run/coxswain") return " (start it: systemctl start coxctld)";
  return " (start it: cox up --dir " + quoted(dir, dir.size()) + ")";
}

}  // namespace

Result<Session> Session::open(const Parsed& given) {
  const auto cluster = find_cluster(given.value("cluster"));
  if (!cluster) return Failure(cluster.error());
  auto session = open(*cluster);
  if (session || session.error().code != Code::unreachable) return session;
  return fail(Code::unreachable, session.error().message + mend_of(cluster->address));
}

std::string Session::numbered(wire::ClientRequest request) {
  number_ = number_ == 0 ? first_number() : number_ + 1;
  request.set_number(number_);
  if (is_verbose()) {
    print_error("request " + platform::request_text(number_) + " to " + address().text());
  }
  return request.SerializeAsString();
}

Result<void> Session::send(wire::ClientRequest request) {
  return deliver(numbered(std::move(request)));
}

Result<void> Session::deliver(const std::string& payload) {
  retry_after_ = {};
  auto sent = link_.send(payload);
  was_there_ |= !sent;
  return sent;
}

Result<bool> Session::read(Duration time_out, wire::ClientReply* reply) {
  auto frame = link_.receive(time_out);
  if (!frame) {
    was_there_ = true;
    return Failure(frame.error());
  }
  if (!*frame) return false;
  if (!reply->ParseFromString(**frame)) {
    return fail(Code::internal, "the controller's answer cannot be read");
  }
  if (!reply->notice().empty()) print_error(reply->notice());
  const bool has_body = reply->body_case() != wire::ClientReply::BODY_NOT_SET;
  if (reply->has_error() && !has_body) {
    const auto error = to_error(reply->error());
    retry_after_ = std::chrono::milliseconds(reply->retry_after_ms());
    was_there_ |= error.code != Code::unreachable;
    return Failure(error);
  }
  was_there_ = true;
  breaks_ = 0;
  put_off_since_.reset();
  return true;
}

Result<void> Session::await(wire::ClientReply* reply) {
  auto came = read(silent_time, reply);
  if (came && !*came) {
    // A change that the controller cannot write yet, because its disk is full, waits this long too.
    Progress progress;
    progress.show(waiting_text_.empty() ? "waiting for an answer from " + address().text()
                                        : waiting_text_);
    came = read(patient_time, reply);
  }
  if (!came) return Failure(came.error());
  if (!*came) return fail(Code::timed_out, "no answer from " + address().text() + " in 60 s");
  return {};
}

Result<std::optional<wire::ClientReply>> Session::next(Duration time_out) {
  wire::ClientReply reply;
  const auto came = read(time_out, &reply);
  if (!came) return Failure(came.error());
  if (!*came) return std::optional<wire::ClientReply>();
  return std::optional<wire::ClientReply>(std::move(reply));
}

Result<wire::ClientReply> Session::ask(wire::ClientRequest request) {
  return exchange(numbered(std::move(request)));
}

Result<wire::ClientReply> Session::exchange(const std::string& payload) {
  const Result<void> sent = deliver(payload);
  if (!sent) return Failure(sent.error());
  wire::ClientReply whole, reply;
  while (!whole.last()) {
    if (const auto came = await(&reply); !came) return Failure(came.error());
    const bool is_first = whole.number() == 0;
    if (is_first && reply.last()) return reply;
    whole.MergeFrom(reply);
  }
  return whole;
}

Result<wire::ClientReply> Session::ask_surely(wire::ClientRequest request) {
  const std::string payload = numbered(std::move(request));
  while (true) {
    auto reply = exchange(payload);
    if (!reply && wait_to_retry()) continue;
    if (reply || reply.error().code != Code::unreachable) return reply;
    if (const auto again = reconnect(reply.error()); !again) return Failure(again.error());
  }
}

bool Session::wait_to_retry() {
  const auto wished = std::exchange(retry_after_, {});
  if (wished.count() == 0) return false;
  const auto now = std::chrono::steady_clock::now();
  if (!put_off_since_) put_off_since_ = now;
  const auto so_far = std::chrono::duration_cast<std::chrono::milliseconds>(now - *put_off_since_);
  if (so_far > put_off_time) return false;
  Progress progress;
  if (so_far > told_after) progress.show(address().text() + " has many lists to answer: waiting");
  // Many who were put off together come back one after the other.
  const auto spread = wished * static_cast<std::int64_t>(number_ % 256) / 256;
  const auto pause = std::min(wished + so_far / 2, put_off_max) + spread;
  ::poll(nullptr, 0, static_cast<int>(pause.count()));
  return true;
}

bool Session::may_be_obeyed(const Error& error) const {
  // Where the controller was never there, the connection ended before anything was asked.
  return error.code == Code::timed_out || (error.code == Code::unreachable && was_there_);
}

Result<void> Session::exchange_slices(const std::string& payload, const TakeSlice& take) {
  if (auto sent = deliver(payload); !sent) return sent;
  // A thousand jobs are ten thousand texts: in an arena they are made and gone together.
  const auto block = std::make_unique_for_overwrite<char[]>(slice_memory);
  google::protobuf::ArenaOptions options;
  options.initial_block = block.get();
  options.initial_block_size = slice_memory;
  google::protobuf::Arena arena(options);
  for (bool is_first = true;; is_first = false) {
    arena.Reset();
    auto* slice = google::protobuf::Arena::CreateMessage<wire::ClientReply>(&arena);
    if (const auto came = await(slice); !came) return Failure(came.error());
    if (auto taken = take(*slice, is_first); !taken) return taken;
    if (slice->last()) return {};
  }
}

Result<void> Session::ask_in_slices(wire::ClientRequest request, const TakeSlice& take) {
  const std::string payload = numbered(std::move(request));
  while (true) {
    auto asked = exchange_slices(payload, take);
    if (!asked && wait_to_retry()) continue;
    if (asked || asked.error().code != Code::unreachable) return asked;
    if (auto again = reconnect(asked.error()); !again) return again;
  }
}

Result<void> Session::reconnect(Error why) {
  if (!was_there_) return Failure(std::move(why));
  const auto now = std::chrono::steady_clock::now();
  if (breaks_ == 0) broken_since_ = now;
  const auto deadline = broken_since_ + std::chrono::microseconds(reconnect_time.us);
  Progress progress;
  while (std::chrono::steady_clock::now() < deadline) {
    if (breaks_ > 1) progress.show("waiting for the controller at " + address().text());
    if (breaks_ > 0) ::poll(nullptr, 0, pause_ms(breaks_));
    ++breaks_;
    auto link = connect(cluster_);
    if (link) {
      link_ = std::move(*link);
      return {};
    }
    why = link.error();
    if (why.code != Code::unreachable) break;
  }
  return Failure(std::move(why));
}

Result<wire::ClientReply> ask_cluster(const Parsed& given, wire::ClientRequest request) {
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  return session->ask(std::move(request));
}

}  // namespace cox::cmds
