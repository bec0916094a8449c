// Each errand is one command. What it prints goes to a file in memory and is read when it ended.
#include "testsuite/kills/clients.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "common/text.h"
#include "platform/file.h"
#include "testsuite/kills/sync_log.h"
#include "testsuite/kills/verdict.h"

namespace cox::kills {
namespace {

constexpr std::chrono::microseconds pause_before_again{30'000};
constexpr std::size_t output_bytes_max = 1U << 20;
constexpr std::int64_t doom_us_max = 8'000;  // about what a submission takes
constexpr const char* script_name = "job.sh";

// The lock is held for as long as a process of the run lives, so that two runs at once are seen.
// A line is one write to a file opened for appending.
constexpr const char* script =
    "#!/bin/sh\n"
    "me=\"$COX_JOB_ID $COX_ATTEMPT $COX_NODE_NAME\"\n"
    "exec 9>>locks/$1-$COX_ARRAY_INDEX; flock -n 9 || echo \"$me overlap\" >> lines\n"
    "echo \"$me start\" >> lines\n"
    "seq 200; sleep $2\n"
    "echo \"whole $COX_JOB_ID $COX_ATTEMPT\"\n"
    "echo \"$me end\" >> lines\n";

platform::Descriptor empty_file(const char* name) {
  platform::Descriptor file(::memfd_create(name, MFD_CLOEXEC));
  // A memfd's position is not locked: of two writers at once one would be overwritten.
  EXPECT_EQ(::fcntl(file.get(), F_SETFL, O_APPEND), 0);
  return file;
}

std::string take_output(const platform::Descriptor& file) {
  ::lseek(file.get(), 0, SEEK_SET);
  return platform::read_all(file.get(), "output", output_bytes_max).value_or("");
}

bool says(const std::string& output, const char* text) {
  return output.find(text) != std::string::npos;
}

const char* text_of(Errand errand) {
  switch (errand) {
    case Errand::submit:
      return "submit";
    case Errand::submit_with_key:
      return "submit under a key";
    case Errand::run:
      return "run";
    case Errand::wait:
      return "wait";
    case Errand::cancel:
      break;
  }
  return "cancel";
}

bool makes_a_job(Errand errand) {
  return errand == Errand::submit || errand == Errand::submit_with_key || errand == Errand::run;
}

}  // namespace

void write_script(const daemons::Cluster& cluster) {
  cluster.write(script_name, script);
  ::chmod((cluster.work() + "/" + script_name).c_str(), 0755);
  for (const char* name : {"/locks", "/out"}) {
    EXPECT_TRUE(platform::make_directories(cluster.work() + name));
  }
}

Clients::Clients(const daemons::Cluster& cluster,
                 Book& book,
                 Timeline& timeline,
                 faults::Rng rng,
                 std::string enter)
    : cluster_(cluster),
      book_(book),
      timeline_(timeline),
      rng_(rng),
      enter_(std::move(enter)),
      key_salt_(rng_.next()) {}

void Clients::start(std::size_t count) {
  clients_.resize(count);
  for (std::size_t i = 0; i < count; ++i) next(i);
}

bool Clients::are_idle() const {
  return std::ranges::none_of(clients_, &Client::is_busy);
}

std::vector<int> Clients::descriptors() const {
  std::vector<int> found;
  for (const Client& client : clients_) {
    found.push_back(client.is_busy() ? client.process.pidfd.get() : -1);
  }
  return found;
}

std::string Clients::text() const {
  std::string text;
  for (const Client& client : clients_) {
    if (client.is_busy()) {
      text += std::string(text.empty() ? "" : ", ") + text_of(client.errand) + " of " +
              marked_name(client.marker);
    }
  }
  return text;
}

void Clients::next(std::size_t index) {
  if (is_stopping_) return;
  clients_[index] = Client{};
  order_job(&clients_[index]);
  begin(index);
}

void Clients::order_job(Client* client) {
  const std::uint64_t draw = rng_.below(10);
  client->errand = draw < 6 ? Errand::submit : draw < 8 ? Errand::submit_with_key : Errand::run;
  client->marker = ++markers_;
  Wish& wish = book_.wishes[client->marker];
  wish.is_run = client->errand == Errand::run;
  const std::string name = marked_name(client->marker);
  const std::int64_t ms = rng_.chance(1, 3) ? rng_.between(500, 2500) : rng_.between(0, 200);
  const std::string digits = std::to_string(ms % 1000);
  const std::string seconds =
      std::to_string(ms / 1000) + "." + std::string(3 - digits.size(), '0') + digits;
  const bool is_gang = rng_.chance(1, 8);
  const bool may_run_again = rng_.chance(3, 4);
  if (client->errand == Errand::submit_with_key) {
    client->job_arguments = {name, seconds};
    return;
  }
  client->job_arguments = {"--job-name=" + name, "--mem=16"};
  if (!may_run_again) client->job_arguments.emplace_back("--no-requeue");
  if (!wish.is_run && is_gang) client->job_arguments.emplace_back("--nodes=2");
  if (!wish.is_run && !is_gang && rng_.chance(1, 6)) {
    wish.elements = static_cast<std::uint32_t>(rng_.between(2, 4));
    client->job_arguments.push_back("--array=0-" + std::to_string(wish.elements - 1) + "%2");
  }
  const std::string of_element = wish.elements == 0 ? "" : "-%a";
  if (!wish.is_run) client->job_arguments.push_back("--output=out/" + name + of_element);
  for (const std::string& word : {"./" + std::string(script_name), name, seconds}) {
    client->job_arguments.push_back(word);
  }
}

platform::SpawnRequest Clients::request_of(const Client& client) const {
  platform::SpawnRequest request = cluster_.shell_request("");
  request.argv = {"cox"};
  switch (client.errand) {
    case Errand::submit:
    case Errand::run:
      request.argv.emplace_back(text_of(client.errand));
      request.argv.insert(request.argv.end(), client.job_arguments.begin(),
                          client.job_arguments.end());
      break;
    case Errand::submit_with_key:
      request.argv = {"kills", "--send", cluster_.dir() + "/ctld.sock",
                      std::to_string(key_salt_ + client.marker)};
      request.argv.insert(request.argv.end(), client.job_arguments.begin(),
                          client.job_arguments.end());
      break;
    case Errand::wait:
      request.argv.insert(request.argv.end(), {"wait", "--quiet", std::to_string(client.job)});
      break;
    case Errand::cancel:
      request.argv.insert(request.argv.end(), {"cancel", std::to_string(client.job)});
      break;
  }
  request.program =
      client.errand == Errand::submit_with_key ? platform::own_program() : daemons::program("cox");
  if (enter_.empty()) return request;
  request.argv.front() = request.program;
  request.argv.insert(request.argv.begin(), {"nsenter", "--net=" + enter_});
  request.program = "/usr/bin/nsenter";
  return request;
}

void Clients::begin(std::size_t index) {
  Client& client = clients_[index];
  if (client.errand == Errand::cancel) book_.wishes[client.marker].is_cancelled = true;
  client.was_killed = false;
  client.output = empty_file("output");
  client.errors = empty_file("errors");
  platform::SpawnRequest request = request_of(client);
  request.descriptors = {{1, client.output.get()}, {2, client.errors.get()}};
  auto spawned = platform::spawn(request);
  EXPECT_TRUE(spawned) << (spawned ? "" : spawned.error().message);
  if (spawned) client.process = std::move(*spawned);
  if (is_doomed_ && makes_a_job(client.errand)) doom(index);
}

void Clients::doom(std::size_t index) {
  is_doomed_ = false;
  const int pid = clients_[index].process.pid;
  timeline_.after(std::chrono::microseconds(rng_.between(0, doom_us_max)), [this, index, pid] {
    if (clients_[index].process.pid == pid) kill(index);
  });
}

void Clients::kill_one() {
  ++book_.kills["client"];
  std::vector<std::size_t> busy;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (clients_[i].is_busy()) busy.push_back(i);
  }
  is_doomed_ = busy.empty() || rng_.chance(1, 2);
  if (!is_doomed_) kill(busy[rng_.below(busy.size())]);
}

void Clients::kill(std::size_t index) {
  Client& client = clients_[index];
  client.was_killed = true;
  if (client.errand == Errand::run) book_.wishes[client.marker].is_client_killed = true;
  ::kill(client.process.pid, SIGKILL);
}

void Clients::kill_all() {
  for (Client& client : clients_) {
    if (!client.is_busy()) continue;
    ::kill(client.process.pid, SIGKILL);
    static_cast<void>(platform::wait_for(client.process.pid));
    client.process = {};
  }
}

void Clients::ended(std::size_t index) {
  Client& client = clients_[index];
  const auto waited = platform::wait_for(client.process.pid);
  client.process = {};
  const int status = waited ? platform::exit_code_of(*waited) : -1;
  const std::string output = take_output(client.output);
  const std::string errors = take_output(client.errors);
  // Nothing was asked yet, so the same errand is a new try.
  if (status != 0 && !client.was_killed && says(errors, "no controller")) {
    ++book_.turned_away;
    return again_later(index);
  }
  if (client.errand == Errand::run) return took_run(index, status, output, errors);
  if (makes_a_job(client.errand)) return took_submit(index, status, output, errors);
  took_other(index, status, errors);
}

void Clients::again_later(std::size_t index) {
  timeline_.after(pause_before_again, [this, index] { begin(index); });
}

void Clients::took_submit(std::size_t index,
                          int status,
                          const std::string& output,
                          const std::string& errors) {
  Client& client = clients_[index];
  Wish& wish = book_.wishes[client.marker];
  const auto job = parse_u64(trim(output));
  // A number that was cut off by the kill has no end of line.
  if (job && output.ends_with('\n')) {
    if (client.is_again) ++book_.resent;
    wish.ids.insert(*job);
  } else if (!client.was_killed) {
    book_.complaints.push_back(std::string("cox ") + text_of(client.errand) + " exits with " +
                               std::to_string(status) + ": " + quoted(output + errors, 300));
    return next(index);
  }
  const bool has_key = client.errand == Errand::submit_with_key;
  const bool sends_again =
      has_key && (client.was_killed || (!client.is_again && rng_.chance(1, 4)));
  if (sends_again) {
    client.is_again = true;
    return begin(index);
  }
  if (wish.ids.empty()) return next(index);
  follow_up(index, *wish.ids.begin());
}

void Clients::follow_up(std::size_t index, std::uint64_t job) {
  const std::uint64_t draw = rng_.below(10);
  if (draw > 7 || is_stopping_) return next(index);
  Client client;
  client.marker = clients_[index].marker;
  client.errand = draw < 2 ? Errand::cancel : Errand::wait;
  client.job = job;
  clients_[index] = std::move(client);
  begin(index);
}

void Clients::took_run(std::size_t index,
                       int status,
                       const std::string& output,
                       const std::string& errors) {
  const Client& client = clients_[index];
  Wish& wish = book_.wishes[client.marker];
  const bool is_whole = output.starts_with("1\n2\n") && says(output, "\n200\nwhole ");
  if (!client.was_killed && (status != 0 || !is_whole)) {
    wish.run_complaint =
        "status " + std::to_string(status) + ", " + std::to_string(output.size()) +
        " bytes that end with " +
        quoted(output.substr(output.size() - std::min<std::size_t>(output.size(), 200)), 300) +
        ", and errors " + quoted(errors, 300);
  }
  next(index);
}

void Clients::took_other(std::size_t index, int status, const std::string& errors) {
  const Client& client = clients_[index];
  constexpr int own_failure = 125;
  const bool is_wait = client.errand == Errand::wait;
  const bool is_well =
      client.was_killed || (is_wait ? status != own_failure : status == 0 || says(errors, "ended"));
  if (!is_well) {
    book_.complaints.push_back(std::string("cox ") + text_of(client.errand) + " " +
                               std::to_string(client.job) + " exits with " +
                               std::to_string(status) + ": " + quoted(errors, 300));
  }
  next(index);
}

int Clients::send(const std::vector<std::string>& arguments) {
  const auto key = arguments.size() == 4 ? parse_u64(arguments[1]) : std::nullopt;
  if (!key) return 2;
  const std::string work = arguments[0].substr(0, arguments[0].rfind('/')) + "/work";
  daemons::Job job(script_name, work);
  job.command({"./" + std::string(script_name), arguments[2], arguments[3]});
  job.named(arguments[2]).memory_mib(16).requeue(true).output(work + "/out/" + arguments[2]);
  job.environment("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
  job.message().set_key_high(*key);
  job.message().set_key_low(1);
  platform::Address address;
  address.path = arguments[0];
  const auto id = daemons::Client(address, "").try_submit(job);
  if (!id) {
    // Half a minute of asking was in vain: as with cox, whoever started this may try again.
    const char* front = id.error().code == Code::unreachable ? "no controller: " : "";
    std::printf("%s%s\n", front, id.error().message.c_str());
    return 1;
  }
  std::printf("%llu\n", static_cast<unsigned long long>(*id));
  return 0;
}

}  // namespace cox::kills
