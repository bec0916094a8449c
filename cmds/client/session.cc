// Asks the controller over a blocking link. Commands that may be repeated survive its restart.
#include "cmds/client/session.h"

#include <poll.h>

#include <algorithm>
#include <chrono>

#include "cmds/client/terminal.h"
#include "common/text.h"

namespace cox::cmds {
namespace {

constexpr Duration connect_time = seconds(10);
constexpr Duration answer_time = seconds(60);
constexpr Duration reconnect_time = seconds(60);

std::chrono::steady_clock::time_point deadline_after(Duration span) {
  return std::chrono::steady_clock::now() + std::chrono::microseconds(span.us);
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
  return Error{is_known ? static_cast<Code>(error.code()) : Code::internal, error.message()};
}

Result<Session> Session::open(const ClusterAddress& cluster) {
  auto link = connect(cluster);
  if (!link) return Failure(link.error());
  return Session(cluster, std::move(*link));
}

Result<Session> Session::open(const Parsed& given) {
  const auto cluster = find_cluster(given.value("cluster"));
  if (!cluster) return Failure(cluster.error());
  return open(*cluster);
}

Result<void> Session::send(wire::ClientRequest request) {
  request.set_number(++number_);
  return link_.send(request.SerializeAsString());
}

Result<std::optional<wire::ClientReply>> Session::next(Duration time_out) {
  auto frame = link_.receive(time_out);
  if (!frame) return Failure(frame.error());
  if (!*frame) return std::optional<wire::ClientReply>();
  wire::ClientReply reply;
  if (!reply.ParseFromString(**frame)) {
    return fail(Code::internal, "the controller's answer cannot be read");
  }
  if (!reply.notice().empty()) print_error(reply.notice());
  const bool has_body = reply.body_case() != wire::ClientReply::BODY_NOT_SET;
  if (reply.has_error() && !has_body) return Failure(to_error(reply.error()));
  return std::optional<wire::ClientReply>(std::move(reply));
}

Result<wire::ClientReply> Session::ask(wire::ClientRequest request) {
  const Result<void> sent = send(std::move(request));
  if (!sent) return Failure(sent.error());
  wire::ClientReply whole;
  while (!whole.last()) {
    auto reply = next(answer_time);
    if (!reply) return Failure(reply.error());
    if (!*reply) return fail(Code::timed_out, "no answer from " + address().text() + " in 60 s");
    whole.MergeFrom(**reply);
  }
  return whole;
}

Result<wire::ClientReply> Session::ask_surely(wire::ClientRequest request) {
  const auto deadline = deadline_after(reconnect_time);
  while (true) {
    auto reply = ask(request);
    const bool is_broken = !reply && reply.error().code == Code::unreachable;
    if (!is_broken || std::chrono::steady_clock::now() >= deadline) return reply;
    const Result<void> again = reconnect();
    if (!again) return Failure(again.error());
  }
}

Result<void> Session::reconnect() {
  const auto deadline = deadline_after(reconnect_time);
  int pause_ms = 20;
  Progress progress;
  while (true) {
    auto link = connect(cluster_);
    if (link) {
      link_ = std::move(*link);
      return {};
    }
    if (link.error().code != Code::unreachable || std::chrono::steady_clock::now() >= deadline) {
      return Failure(link.error());
    }
    progress.show("waiting for the controller at " + address().text());
    ::poll(nullptr, 0, pause_ms);
    pause_ms = std::min(pause_ms * 2, 1000);
  }
}

Result<wire::ClientReply> ask_cluster(const Parsed& given, wire::ClientRequest request) {
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  return session->ask(std::move(request));
}

}  // namespace cox::cmds
