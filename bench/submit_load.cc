// See submit_load.h.
#include "bench/submit_load.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "bench/cluster_client.h"
#include "bench/measure.h"
#include "cmds/client/submission.h"
#include "wire/model_codec.h"

namespace cox::bench {
namespace {

constexpr int variables = 30, variables_differing = 10;
constexpr std::size_t variable_bytes = 34;

std::string variable(int index, std::uint64_t job) {
  std::string text = "BENCH_VARIABLE_" + std::to_string(index) + "=" + std::to_string(job);
  text.resize(variable_bytes, '.');
  return text;
}

std::string script_of(std::uint64_t job) {
  return "#!/bin/sh\n# sample " + std::to_string(job) + "\nexec /bin/true\n";
}

std::int64_t limit_of(std::uint64_t job) {
  return minutes(1 + static_cast<std::int64_t>(job % 100'000)).us;
}

wire::Submit submit_of_all() {
  JobRequest job;
  job.common.edit().components.emplace_back();
  job.common.edit().output = job.common.edit().error = "/dev/null";
  if (auto collected = cmds::collect_surroundings(&job); !collected) {
    give_up(collected.error().message);
  }
  wire::Submit submit;
  wire::put(job, submit.mutable_request());
  for (int i = 0; i < variables; ++i) submit.add_environment(variable(i, 0));
  return submit;
}

}  // namespace

SubmitLoad::SubmitLoad(const std::string& dir, std::size_t connections, Variety variety)
    : variety_(variety), submit_(submit_of_all()), seed_(static_cast<std::uint64_t>(wall_ns())) {
  submit_.mutable_request()->set_name("sample");
  submit_.mutable_request()->set_time_limit_us(limit_of(0));
  submit_.set_script(script_of(0));
  for (std::size_t i = 0; i < connections; ++i) connections_.push_back({open_link(dir), {}, 0, 0});
}

void SubmitLoad::vary(wire::Submit* submit) {
  const std::uint64_t job = ++made_;
  submit->set_key_high(seed_);
  submit->set_key_low(job * 0x9E3779B97F4A7C15U);
  if (variety_ == Variety::alike) return;
  submit->mutable_request()->set_name("sample-" + std::to_string(job));
  submit->mutable_request()->set_time_limit_us(limit_of(job));
  submit->set_script(script_of(job));
  for (int i = 0; i < variables_differing; ++i) *submit->mutable_environment(i) = variable(i, job);
}

std::string SubmitLoad::next_single(std::uint64_t number) {
  wire::ClientRequest request;
  request.set_number(number);
  vary(&submit_);
  request.unsafe_arena_set_allocated_submit(&submit_);
  std::string bytes = request.SerializeAsString();
  request.unsafe_arena_release_submit();
  return bytes;
}

std::string SubmitLoad::next_batch(std::uint64_t number, std::size_t batch) {
  wire::ClientRequest request;
  request.set_number(number);
  wire::SubmitMany& many = *request.mutable_submit_many();
  *many.mutable_base() = submit_;
  for (std::size_t i = 0; i < batch; ++i) {
    const std::uint64_t job = ++made_;
    wire::SubmitVariant& variant = *many.add_variants();
    variant.set_key_high(seed_);
    variant.set_key_low(job * 0x9E3779B97F4A7C15U);
    if (variety_ == Variety::alike) continue;
    variant.mutable_job()->set_name("sample-" + std::to_string(job));
    variant.mutable_job()->set_time_limit_us(limit_of(job));
  }
  return request.SerializeAsString();
}

void SubmitLoad::send(Connection& to, const std::string& payload) {
  to.sent_ms[to.next % to.sent_ms.size()] = monotonic_ms();
  ++to.next;
  if (auto sent = to.link.send(payload); !sent) give_up(sent.error().message);
}

std::size_t SubmitLoad::take(Connection& from, LoadResult* result) {
  std::size_t answers = 0;
  // Nothing is looked for that nobody asked for: the load shares its processors with what it
  // measures.
  while (from.answered < from.next) {
    auto frame = from.link.receive(Duration{});
    if (!frame) give_up(frame.error().message);
    if (!*frame) break;
    wire::ClientReply reply;
    if (!reply.ParseFromString(**frame)) give_up("an answer that is no message");
    if (reply.has_error()) give_up(reply.error().message());
    for (const wire::ActionError& error : reply.submitted_many().errors()) {
      give_up(error.error().message());
    }
    ++answers;
    ++from.answered;
    result->acknowledged +=
        reply.has_submitted() ? 1U : static_cast<unsigned>(reply.submitted_many().jobs_size());
    result->latencies_ms.push_back(monotonic_ms() -
                                   from.sent_ms[reply.number() % from.sent_ms.size()]);
  }
  return answers;
}

template <class Make>
LoadResult SubmitLoad::loop(std::uint64_t requests, std::size_t outstanding, Make make) {
  LoadResult result;
  std::vector<pollfd> polls;
  std::uint64_t sent = 0, answered = 0;
  const double begin_ms = monotonic_ms();
  const auto send_next = [&](Connection& to) {
    if (sent == requests) return;
    ++sent;
    send(to, make(to.next));
  };
  for (Connection& one : connections_) {
    polls.push_back({one.link.descriptor(), POLLIN, 0});
    one.sent_ms.resize(std::max(one.sent_ms.size(), outstanding));
  }
  for (std::size_t i = 0; i < outstanding; ++i) {
    for (Connection& one : connections_) send_next(one);
  }
  while (answered < requests) {
    if (::poll(polls.data(), polls.size(), 60'000) <= 0) give_up("no answer for a minute");
    for (std::size_t i = 0; i < polls.size(); ++i) {
      if ((polls[i].revents & POLLIN) == 0) continue;
      const std::size_t answers = take(connections_[i], &result);
      answered += answers;
      for (std::size_t n = 0; n < answers; ++n) send_next(connections_[i]);
    }
  }
  result.seconds = (monotonic_ms() - begin_ms) / 1000;
  return result;
}

LoadResult SubmitLoad::run(std::uint64_t jobs, std::size_t outstanding, bool held) {
  submit_.mutable_request()->set_held(held);
  return loop(jobs, outstanding, [this](std::uint64_t number) { return next_single(number); });
}

LoadResult SubmitLoad::run_batches(std::uint64_t jobs, std::size_t batch, bool held) {
  submit_.mutable_request()->set_held(held);
  submit_.set_script(script_of(0));
  return loop(jobs / batch, 1,
              [this, batch](std::uint64_t number) { return next_batch(number, batch); });
}

}  // namespace cox::bench
