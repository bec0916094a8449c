// What both versions have in common: the way from bytes to a handler, fences, and the ways to say
// no.
#include "noded/stepd/pmi/pmi_server.h"

#include <algorithm>

#include "common/text.h"

namespace cox::stepd {
namespace {

constexpr std::size_t space_bytes_max = std::size_t{64} << 20;
// What all nodes gave goes in one message to each of them, which has room for 64 MiB.
constexpr std::size_t fence_bytes_max = std::size_t{48} << 20;
constexpr std::size_t budget_bytes_max = std::size_t{1} << 20;
constexpr std::size_t refusals_bytes_max = 500;
constexpr std::string_view mapping_key = "PMI_process_mapping";

// Of the other messages the name of the answer is that of the question with `_result`.
std::string reply_name(PmiVersion version, const std::string& command) {
  if (version == PmiVersion::two) {
    return command + "-response";
  }
  static const std::map<std::string_view, std::string_view> names = {
      {"init", "response_to_init"},           {"get_maxes", "maxes"},
      {"get_universe_size", "universe_size"}, {"get_appnum", "appnum"},
      {"get_my_kvsname", "my_kvsname"},       {"barrier_in", "barrier_out"},
      {"finalize", "finalize_ack"},           {"publish_name", "publish_result"},
      {"unpublish_name", "unpublish_result"}, {"lookup_name", "lookup_result"}};
  const auto found = names.find(command);
  return found == names.end() ? command + "_result" : std::string(found->second);
}

}  // namespace

PmiServer::PmiServer(PmiStep step, Out out)
    : step_(std::move(step)),
      out_(std::move(out)),
      space_(space_bytes_max),
      budget_(std::min(budget_bytes_max, fence_bytes_max / std::max(step_.tasks, 1U))),
      sessions_(step_.ranks.size()) {}

void PmiServer::take(std::uint32_t local, std::string_view bytes) {
  Session& session = sessions_[local];
  if (session.is_broken) {
    return;
  }
  session.reader.add(bytes);
  while (!session.is_broken) {
    const auto message = session.reader.next();
    if (!message) {
      violate(local, message.error().message);
      return;
    }
    if (!*message) {
      return;
    }
    obey(local, **message);
  }
}

void PmiServer::obey(std::uint32_t local, const PmiMessage& message) {
  Session& session = sessions_[local];
  if (session.is_waiting) {
    violate(local, quoted(message.command) + " comes from within a fence");
    return;
  }
  if (!session.has_greeted && message.command != "init") {
    violate(local, quoted(message.command) + " comes before init");
    return;
  }
  const auto& known = handlers(session.version);
  const auto handler = known.find(message.command);
  if (handler == known.end()) {
    answer_failed(local, message, "unknown command " + quoted(message.command));
    return;
  }
  (this->*handler->second)(local, message);
}

const std::map<std::string_view, PmiServer::Handler>& PmiServer::handlers(PmiVersion version) {
  static const std::map<std::string_view, Handler> one = {
      {"init", &PmiServer::greet},
      {"get_maxes", &PmiServer::tell_maxes},
      {"get_universe_size", &PmiServer::tell_universe},
      {"get_appnum", &PmiServer::tell_appnum},
      {"get_my_kvsname", &PmiServer::tell_space},
      {"put", &PmiServer::put_one},
      {"get", &PmiServer::get_one},
      {"barrier_in", &PmiServer::enter_fence},
      {"finalize", &PmiServer::finalize},
      {"abort", &PmiServer::abort},
      {"spawn", &PmiServer::refuse_spawn},
      {"publish_name", &PmiServer::refuse_names},
      {"unpublish_name", &PmiServer::refuse_names},
      {"lookup_name", &PmiServer::refuse_names}};
  static const std::map<std::string_view, Handler> two = {
      {"fullinit", &PmiServer::begin_two},
      {"job-getid", &PmiServer::tell_job},
      {"kvs-put", &PmiServer::put_two},
      {"kvs-get", &PmiServer::get_two},
      {"kvs-fence", &PmiServer::enter_fence},
      {"info-putnodeattr", &PmiServer::put_node},
      {"info-getnodeattr", &PmiServer::get_node},
      {"info-getjobattr", &PmiServer::get_job},
      {"finalize", &PmiServer::finalize},
      {"abort", &PmiServer::abort},
      {"spawn", &PmiServer::refuse_spawn},
      {"name-publish", &PmiServer::refuse_names},
      {"name-unpublish", &PmiServer::refuse_names},
      {"name-lookup", &PmiServer::refuse_names}};
  return version == PmiVersion::one ? one : two;
}

void PmiServer::answer(std::uint32_t local, const PmiMessage& asked, PmiMessage reply, int status) {
  const PmiVersion version = sessions_[local].version;
  if (reply.command.empty()) {
    reply.command = reply_name(version, asked.command);
  }
  // First: a value of PMI-1 goes to the end of its line.
  reply.words.insert(reply.words.begin(), {"rc", std::to_string(status)});
  if (version == PmiVersion::two) {
    if (const std::string* thread = asked.find("thrid")) {
      reply.words.insert(reply.words.begin(), {"thrid", *thread});
    }
  }
  out_.send(local, version == PmiVersion::one ? pmi1_text(reply) : pmi2_text(reply));
}

void PmiServer::answer_failed(std::uint32_t local,
                              const PmiMessage& asked,
                              const std::string& why) {
  PmiMessage reply;
  if (sessions_[local].version == PmiVersion::two) {
    answer(local, asked, reply.with("errmsg", why), 1);
    return;
  }
  std::string word = why;  // MPICH ends a word at the first blank
  std::replace(word.begin(), word.end(), ' ', '_');
  answer(local, asked, reply.with("msg", word), -1);
}

std::string PmiServer::task_text(std::uint32_t local) const {
  return "task " + std::to_string(step_.ranks[local]) + " on " + step_.node;
}

void PmiServer::violate(std::uint32_t local, const std::string& why) {
  sessions_[local].is_broken = true;
  out_.broken(task_text(local) + " broke the pmi protocol: " + why);
}

const std::string* PmiServer::look_up(const std::string& key) const {
  static const std::string nothing;
  if (key == mapping_key) {
    return &step_.mapping;
  }
  const std::string* value = space_.get(key);
  // Of what is reserved for the server nothing is missing, it is just not set.
  return value == nullptr && key.starts_with("PMI_") ? &nothing : value;
}

Result<void> PmiServer::put(std::uint32_t local, const PmiMessage& message) {
  const std::string* key = message.find("key");
  const std::string* value = message.find("value");
  if (key == nullptr || value == nullptr) {
    return bad_usage("put without key or value");
  }
  Session& session = sessions_[local];
  const std::size_t bytes = key->size() + value->size();
  if (session.spent + bytes > budget_) {
    return fail(Code::refused, "key " + quoted(*key) + ": a task may put " +
                                   std::to_string(budget_) + " bytes between two fences");
  }
  auto stored = space_.put(*key, *value);
  session.spent += stored ? bytes : 0;
  return stored;
}

// The others would wait for ever for one that has ended.
void PmiServer::enter_fence(std::uint32_t local, const PmiMessage& message) {
  Session& session = sessions_[local];
  session.is_waiting = true;
  const std::string* thread = message.find("thrid");
  session.thread = thread == nullptr ? "" : *thread;
  const auto count = std::count_if(sessions_.begin(), sessions_.end(),
                                   [](const Session& one) { return one.is_waiting; });
  if (static_cast<std::size_t>(count) == sessions_.size()) {
    for (Session& one : sessions_) {
      one.spent = 0;
    }
    out_.fence(space_.take_unsent());
    return;
  }
  for (std::uint32_t other = 0; other < sessions_.size(); ++other) {
    const Session& absent = sessions_[other];
    if (absent.has_left && absent.is_closed && !absent.is_waiting) {
      session.is_broken = true;
      out_.broken(task_text(local) + " waits in a pmi fence for " + task_text(other) +
                  ", which has ended");
      return;
    }
  }
}

void PmiServer::fence_done(const std::string& data) {
  if (auto merged = space_.merge(data); !merged) {
    out_.broken(merged.error().message);
    return;
  }
  for (std::uint32_t local = 0; local < sessions_.size(); ++local) {
    Session& session = sessions_[local];
    if (!session.is_waiting) {
      continue;
    }
    session.is_waiting = false;
    PmiMessage asked;
    asked.command = session.version == PmiVersion::one ? "barrier_in" : "kvs-fence";
    if (!session.thread.empty()) {
      asked.with("thrid", session.thread);
    }
    answer(local, asked, {});
  }
}

void PmiServer::task_left(std::uint32_t local) {
  sessions_[local].has_left = true;
  judge_gone(local);
}

void PmiServer::closed(std::uint32_t local) {
  sessions_[local].is_closed = true;
  judge_gone(local);
}

void PmiServer::judge_gone(std::uint32_t local) {
  Session& session = sessions_[local];
  if (!session.has_left || !session.is_closed) {
    return;
  }
  if (session.has_greeted && !session.is_broken) {
    session.is_broken = true;
    out_.broken(task_text(local) + " ended without MPI_Finalize");
    return;
  }
  for (std::uint32_t other = 0; other < sessions_.size(); ++other) {
    if (sessions_[other].is_waiting && !sessions_[other].is_broken && !session.is_waiting) {
      sessions_[other].is_broken = true;
      out_.broken(task_text(other) + " waits in a pmi fence for " + task_text(local) +
                  ", which has ended");
      return;
    }
  }
}

std::uint32_t PmiServer::connected() const {
  return static_cast<std::uint32_t>(std::count_if(
      sessions_.begin(), sessions_.end(), [](const Session& one) { return one.was_heard; }));
}

void PmiServer::refuse(std::uint32_t local, const PmiMessage& message, const std::string& what) {
  const std::string why = task_text(local) + " asked for " + what;
  if (refusals_.size() + why.size() < refusals_bytes_max &&
      refusals_.find(what) == std::string::npos) {
    refusals_ += (refusals_.empty() ? "" : "; ") + why;
  }
  answer_failed(local, message, what);
}

void PmiServer::refuse_spawn(std::uint32_t local, const PmiMessage& message) {
  refuse(local, message,
         "more processes (MPI_Comm_spawn): a step has all its tasks from its start");
}

void PmiServer::refuse_names(std::uint32_t local, const PmiMessage& message) {
  refuse(local, message, "names of services (MPI_Publish_name): not offered by this version");
}

void PmiServer::abort(std::uint32_t local, const PmiMessage& message) {
  Session& session = sessions_[local];
  session.is_broken = true;  // whatever it says now, it is on its way out
  const std::string* status = message.find("exitcode");
  const std::string* text = message.find(session.version == PmiVersion::one ? "message" : "msg");
  const auto number = status == nullptr ? std::optional<std::int64_t>(1) : parse_i64(*status);
  out_.abort(static_cast<std::int32_t>(number.value_or(1)),
             text == nullptr ? "" : quoted(std::string_view(*text), refusals_bytes_max));
}

void PmiServer::finalize(std::uint32_t local, const PmiMessage& message) {
  sessions_[local].has_greeted = false;
  answer(local, message, {});
}

}  // namespace cox::stepd
