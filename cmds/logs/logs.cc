// cox logs: the output file of a job, perhaps followed until the job ends.
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/json.h"
#include "cmds/client/labelled.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "common/text.h"
#include "platform/descriptor.h"
#include "platform/file.h"

namespace cox::cmds {
namespace logs_locals {
namespace {

constexpr std::size_t document_bytes_max = 64U << 20;

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"follow", 'f', "", "print what is added until the job ends"},
      OptionSpec{"error", 'e', "", "the file of its errors"},
      OptionSpec{"path", 0, "", "print only the name of the file"},
      jobs_label_option,
      json_option,
      cluster_option,
      help_option};
  return table;
}

Result<wire::JobView> ask_job(Session& session, const JobName& job) {
  wire::ClientRequest request;
  put_names({job}, request.mutable_list_jobs());
  request.mutable_list_jobs()->set_ended(true);
  request.mutable_list_jobs()->set_full(true);
  const auto reply = session.ask_surely(request);
  if (!reply) return Failure(reply.error());
  if (reply->jobs().jobs_size() == 0) return fail(Code::not_found, "no job " + quoted(job.text));
  const wire::JobView& view = reply->jobs().jobs(0);
  const bool is_array = view.array() != 0 && !view.is_element();
  if (reply->jobs().jobs_size() == 1 && !is_array) return view;
  const std::string id = std::to_string(job.job.value);
  return fail(Code::refused, "job " + id + " is an array: name one of its elements (" + id +
                                 "_INDEX, see: cox show job " + id + ")");
}

std::string path_of(const Parsed& given, const wire::JobView& job) {
  const bool wants_error = given.has("error") && !job.error_path().empty();
  return wants_error ? job.error_path() : job.output_path();
}

/// What is new in the file since the last call goes to stdout, or into `document`.
Result<void> copy_rest(int fd, const std::string& path, std::string* document) {
  std::array<char, 65536> buffer{};

  struct stat now {};

  const off_t at = ::lseek(fd, 0, SEEK_CUR);
  if (::fstat(fd, &now) == 0 && S_ISREG(now.st_mode) && now.st_size < at) ::lseek(fd, 0, SEEK_SET);
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure(platform::system_error("read " + path, errno));
    if (got == 0) return {};
    const std::string_view part(buffer.data(), static_cast<std::size_t>(got));
    if (document != nullptr) {
      if (document->size() + part.size() > document_bytes_max) {
        return fail(Code::refused, path + ": over 64 MiB, too much for a document (see: --path)");
      }
      document->append(part);
      continue;
    }
    const auto printed = print(part);
    if (!printed) return printed;
  }
}

/// Closed where nothing is at the path. error: refused for what would keep us waiting for a writer
Result<platform::Descriptor> open_output(const std::string& path) {
  platform::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open() && errno == ENOENT) return file;
  if (!file.is_open()) return Failure(platform::system_error("open " + path, errno));

  struct stat about {};

  if (::fstat(file.get(), &about) == 0 && S_ISFIFO(about.st_mode)) {
    return fail(Code::refused, path + ": is a FIFO, whose reader gets the output");
  }
  return file;
}

/// One job whose output is followed: its events, its file, and changes of the file.
class Follower {
 public:
  Follower(const Parsed& given, Session& session, JobName job, std::string* document)
      : given_(given), session_(session), job_(std::move(job)), document_(document) {}

  Result<int> follow() {
    watch_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch_.is_open()) return Failure(platform::system_error("inotify", errno));
    wire::ClientRequest request;
    put_names({job_}, request.mutable_wait_jobs());
    auto sent = session_.send(request);
    while (sent && !has_ended_) {
      const auto opened = open_file();
      if (!opened) return Failure(opened.error());
      if (file_.is_open()) {
        const auto copied = copy_rest(file_.get(), path_, document_);
        if (!copied) return Failure(copied.error());
        if (let_go_of_old()) continue;
      }
      sent = wait_for_change();
    }
    if (!sent) return Failure(sent.error());
    return finish();
  }

 private:
  /// Learns the name, which is certain once the job has started, and opens the file when it is
  /// there. What an earlier job left under the same name is not this job's.
  Result<void> open_file() {
    if (file_.is_open()) return {};
    auto other = Session::open(given_);
    if (!other) return Failure(other.error());
    const auto job = ask_job(*other, job_);
    if (!job) return Failure(job.error());
    path_ = path_of(given_, *job);
    watch_directory();
    show_wait(*job);
    if (path_.empty() || job->started_us() == 0) return {};
    auto file = open_output(path_);
    if (!file) return Failure(file.error());
    file_ = std::move(*file);
    if (file_.is_open()) {
      ::inotify_add_watch(watch_.get(), path_.c_str(), IN_MODIFY | IN_CLOSE_WRITE);
    }
    return {};
  }

  /// After a requeue the job writes to a new file of that name. True when ours is the old one.
  bool let_go_of_old() {
    struct stat ours {};

    struct stat named {};

    if (::fstat(file_.get(), &ours) != 0 || ::stat(path_.c_str(), &named) != 0) return false;
    if (ours.st_dev == named.st_dev && ours.st_ino == named.st_ino) return false;
    file_.reset();
    return true;
  }

  /// On a terminal, why nothing comes yet.
  void show_wait(const wire::JobView& job) {
    const std::string name = std::to_string(job.job());
    if (job.state() != "PENDING") return progress_.clear();
    progress_.show("job " + name + " waits: " +
                   (job.reason().empty() || job.reason() == "None" ? "for a start" : job.reason()) +
                   " (see: cox why " + name + ")");
  }

  void watch_directory() {
    if (path_.empty()) return;
    const std::string directory = path_.substr(0, path_.rfind('/') + 1);
    ::inotify_add_watch(watch_.get(), directory.c_str(), IN_CREATE | IN_MOVED_TO | IN_MODIFY);
  }

  Result<void> wait_for_change() {
    std::array<pollfd, 2> ready = {pollfd{watch_.get(), POLLIN, 0},
                                   pollfd{session_.descriptor(), POLLIN, 0}};
    // Files on other machines change without a word to inotify: look once a second as well.
    ::poll(ready.data(), ready.size(), 1000);
    std::array<char, 4096> events{};
    while (::read(watch_.get(), events.data(), events.size()) > 0) {
    }
    while (!has_ended_) {
      const auto reply = session_.next(Duration{0});
      if (!reply) return lost_controller(reply.error());
      if (!*reply) return {};
      has_ended_ = (*reply)->last() || (*reply)->event().job().is_final();
    }
    return {};
  }

  Result<void> lost_controller(const Error& error) {
    if (error.code != Code::unreachable) return Failure(error);
    const auto again = session_.reconnect(error);
    if (!again) return again;
    wire::ClientRequest request;
    put_names({job_}, request.mutable_wait_jobs());
    return session_.send(request);
  }

  Result<int> finish() {
    const auto opened = open_file();
    if (!opened) return Failure(opened.error());
    progress_.clear();
    if (!file_.is_open()) {
      return fail(Code::not_found,
                  "job " + job_.text + " left no output file" + (path_.empty() ? "" : " " + path_));
    }
    const auto copied = copy_rest(file_.get(), path_, document_);
    if (!copied) return Failure(copied.error());
    return let_go_of_old() ? finish() : Result<int>(0);
  }

  const Parsed& given_;
  Session& session_;
  JobName job_;
  std::string* document_;
  platform::Descriptor watch_, file_;
  Progress progress_;
  std::string path_;
  bool has_ended_ = false;
};

/// A job without a file: its tasks write to the `cox run` that started them.
Failure writes_to_run(const wire::JobView& job) {
  return fail(Code::not_found, "job " + id_text(job) + " has no output file: what it " +
                                   (job.is_final() ? "wrote went" : "writes goes") +
                                   " to its cox run (a file instead: cox run --output)");
}

/// Why a file is not there that the job was to write.
Failure no_file(const wire::JobView& job, const std::string& path) {
  const std::string name = id_text(job);
  if (!job.is_final()) {
    return fail(Code::not_found, "job " + name + " has no output yet: it is " + job.state() +
                                     " (see: cox why " + name + ")");
  }
  return fail(Code::not_found, "job " + name + " left no output file" +
                                   (path.empty() ? "" : " " + path) + ": it is " + job.state() +
                                   (job.why().empty() ? "" : ": " + job.why()));
}

Result<int> print_file(const wire::JobView& job, const std::string& path, std::string* document) {
  const auto file = open_output(path);
  if (!file) return Failure(file.error());
  if (!file->is_open()) return no_file(job, path);
  const auto copied = copy_rest(file->get(), path, document);
  if (!copied) return Failure(copied.error());
  return 0;
}

/// The output, as far as asked for, to stdout or into `document`.
Result<int> copy_output(const Parsed& given,
                        Session& session,
                        const JobName& name,
                        const wire::JobView& job,
                        std::string* document) {
  const std::string path = path_of(given, job);
  if (path.empty() && job.array() == 0) return writes_to_run(job);
  if (given.has("follow") && !job.is_final()) {
    return Follower(given, session, name, document).follow();
  }
  if (path.empty()) return no_file(job, path);
  if (!given.has("path")) return print_file(job, path, document);
  const auto printed = document == nullptr ? print(path + "\n") : Result<void>();
  if (!printed) return Failure(printed.error());
  return 0;
}

std::string document_of(const Parsed& given, const wire::JobView& job, const std::string& text) {
  JsonWriter json;
  json.number("job", std::uint64_t{job.job()});
  json.text("state", job.state());
  json.text("path", path_of(given, job));
  if (!given.has("path")) json.text("text", text);
  return json.take();
}

Result<int> print_one(const Parsed& given, Session& session, const JobName& id) {
  auto job = ask_job(session, id);
  if (!job) return Failure(job.error());
  std::string text;
  const bool wants_json = given.has("json");
  const auto copied = copy_output(given, session, id, *job, wants_json ? &text : nullptr);
  if (!copied || !wants_json) return copied;
  if (given.has("follow")) job = ask_job(session, id);
  if (!job) return Failure(job.error());
  const auto printed = print(document_of(given, *job, text));
  if (!printed) return Failure(printed.error());
  return 0;
}

/// Each under its name; of those that have no output, or are arrays, it is said. Status of the
/// first that fails.
Result<int> print_several(const Parsed& given, Session& session, const std::vector<JobName>& jobs) {
  if (given.has("json") || given.has("follow")) {
    std::string names;
    for (const JobName& job : jobs) names += (names.empty() ? "" : ", ") + job.text;
    return usage_error(given.command(), "several jobs have labels " +
                                            quoted(join(given.values("label"), " & ")) +
                                            ": name one of " + names);
  }
  int status = 0;
  for (const JobName& job : jobs) {
    const auto head = given.has("path") ? Result<void>() : print("==> job " + job.text + " <==\n");
    if (!head) return Failure(head.error());
    const auto done = print_one(given, session, job);
    if (done) continue;
    print_error(done.error().message);
    if (status == 0) status = exit_status(done.error().code);
  }
  return status;
}

Result<int> run(const Parsed& given) {
  if (auto good = check_names_or_label(given, !given.operands().empty()); !good) {
    return Failure(good.error());
  }
  std::vector<JobName> jobs;
  if (!given.has("label")) {
    const auto id = one_job(given);
    if (!id) return Failure(id.error());
    jobs.push_back(*id);
  }
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  if (given.has("label")) {
    auto labelled = labelled_jobs(given, *session, Labelled::known);
    if (!labelled) return Failure(labelled.error());
    jobs = std::move(*labelled);
  }
  if (jobs.size() == 1) return print_one(given, *session, jobs.front());
  return print_several(given, *session, jobs);
}

}  // namespace
}  // namespace logs_locals

const Command logs_command{"logs",
                           "JOB | -l SELECTOR [OPTIONS]",
                           "the output of a job",
                           logs_locals::options,
                           Operands::anywhere,
                           0,
                           logs_locals::run};

}  // namespace cox::cmds
