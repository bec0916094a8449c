// The single requests of PMI-1 and of PMI-2.
#include "common/text.h"
#include "noded/stepd/pmi/pmi_server.h"

namespace cox::stepd {
namespace {

constexpr std::size_t space_name_max = 256;
constexpr std::size_t node_values_max = 4096;
constexpr std::size_t node_waits_max = 4096;

PmiMessage found_value(const std::string* value) {
  PmiMessage reply;
  // MPICH up to 4.0 and Slurm's library read `flag`, later ones `found`.
  for (const char* name : {"found", "flag"}) {
    reply.with(name, value == nullptr ? "FALSE" : "TRUE");
  }
  if (value != nullptr) {
    reply.with("value", *value);
  }
  return reply;
}

}  // namespace

// The answer still is PMI-1, whatever comes next.
void PmiServer::greet(std::uint32_t local, const PmiMessage& message) {
  Session& session = sessions_[local];
  const std::string* asked = message.find("pmi_version");
  const auto version = asked == nullptr ? std::nullopt : parse_u64(*asked);
  if (!version || *version == 0) {
    violate(local, "init without the version that is spoken");
    return;
  }
  const bool is_two = *version >= 2;
  if (is_two ? !step_.offers_two : !step_.offers_one) {
    violate(local, "it speaks pmi-" + *asked + ", and --mpi asked for pmi" + (is_two ? "1" : "2"));
    return;
  }
  session.has_greeted = true;
  session.was_heard = true;
  PmiMessage reply;
  reply.with("pmi_version", is_two ? "2" : "1").with("pmi_subversion", is_two ? "0" : "1");
  answer(local, message, std::move(reply));
  if (is_two) {
    session.version = PmiVersion::two;
    session.reader.speak(PmiVersion::two);
  }
}

void PmiServer::tell_maxes(std::uint32_t local, const PmiMessage& message) {
  PmiMessage reply;
  reply.with("kvsname_max", std::to_string(space_name_max))
      .with("keylen_max", std::to_string(pmi_key_max))
      .with("vallen_max", std::to_string(pmi_value_max));
  answer(local, message, std::move(reply));
}

void PmiServer::tell_universe(std::uint32_t local, const PmiMessage& message) {
  answer(local, message, PmiMessage().with("size", std::to_string(step_.tasks)));
}

void PmiServer::tell_appnum(std::uint32_t local, const PmiMessage& message) {
  answer(local, message, PmiMessage().with("appnum", "0"));
}

void PmiServer::tell_space(std::uint32_t local, const PmiMessage& message) {
  answer(local, message, PmiMessage().with("kvsname", step_.name));
}

void PmiServer::put_one(std::uint32_t local, const PmiMessage& message) {
  const std::string* space = message.find("kvsname");
  if (space != nullptr && *space != step_.name) {
    answer_failed(local, message, "no key space " + quoted(*space));
    return;
  }
  if (auto stored = put(local, message); !stored) {
    answer_failed(local, message, stored.error().message);
    return;
  }
  answer(local, message, PmiMessage().with("msg", "success"));
}

void PmiServer::get_one(std::uint32_t local, const PmiMessage& message) {
  const std::string* space = message.find("kvsname");
  const std::string* key = message.find("key");
  if (key == nullptr || (space != nullptr && *space != step_.name)) {
    answer_failed(local, message,
                  key == nullptr ? "get without key" : "no key space " + quoted(*space));
    return;
  }
  const std::string* value = look_up(*key);
  if (value == nullptr) {
    answer_failed(local, message, "no key " + quoted(*key));
    return;
  }
  answer(local, message, PmiMessage().with("value", *value));
}

void PmiServer::begin_two(std::uint32_t local, const PmiMessage& message) {
  PmiMessage reply;
  reply.with("pmi-version", "2")
      .with("pmi-subversion", "0")
      .with("rank", std::to_string(step_.ranks[local]))
      .with("size", std::to_string(step_.tasks))
      .with("appnum", "0")
      .with("debugged", "FALSE")
      .with("pmiverbose", "FALSE");
  answer(local, message, std::move(reply));
}

void PmiServer::tell_job(std::uint32_t local, const PmiMessage& message) {
  answer(local, message, PmiMessage().with("jobid", step_.name));
}

void PmiServer::put_two(std::uint32_t local, const PmiMessage& message) {
  if (auto stored = put(local, message); !stored) {
    answer_failed(local, message, stored.error().message);
    return;
  }
  answer(local, message, {});
}

void PmiServer::get_two(std::uint32_t local, const PmiMessage& message) {
  const std::string* key = message.find("key");
  if (key == nullptr) {
    answer_failed(local, message, "kvs-get without key");
    return;
  }
  answer(local, message, found_value(look_up(*key)));
}

void PmiServer::put_node(std::uint32_t local, const PmiMessage& message) {
  const std::string* key = message.find("key");
  const std::string* value = message.find("value");
  if (key == nullptr || value == nullptr || key->size() >= pmi_key_max ||
      value->size() >= pmi_value_max) {
    answer_failed(local, message, "info-putnodeattr without key or value, or one that is too long");
    return;
  }
  if (!node_values_.contains(*key) && node_values_.size() >= node_values_max) {
    answer_failed(local, message, "too many values of this node");
    return;
  }
  node_values_[*key] = *value;
  answer(local, message, {});
  answer_node_waits();
}

void PmiServer::answer_node_waits() {
  std::vector<NodeWait> waiting;
  waiting.swap(node_waits_);
  for (NodeWait& wait : waiting) {
    const auto value = node_values_.find(wait.key);
    if (value == node_values_.end()) {
      node_waits_.push_back(std::move(wait));
      continue;
    }
    PmiMessage asked;
    asked.command = "info-getnodeattr";
    if (!wait.thread.empty()) {
      asked.with("thrid", wait.thread);
    }
    answer(wait.local, asked, found_value(&value->second));
  }
}

void PmiServer::get_node(std::uint32_t local, const PmiMessage& message) {
  const std::string* key = message.find("key");
  const std::string* waits = message.find("wait");
  if (key == nullptr || node_waits_.size() >= node_waits_max) {
    answer_failed(local, message,
                  key == nullptr ? "info-getnodeattr without key"
                                 : "too many tasks wait for values of this node");
    return;
  }
  const auto value = node_values_.find(*key);
  if (value == node_values_.end() && waits != nullptr && *waits == "TRUE") {
    const std::string* thread = message.find("thrid");
    node_waits_.push_back({local, *key, thread == nullptr ? "" : *thread});
    return;
  }
  answer(local, message, found_value(value == node_values_.end() ? nullptr : &value->second));
}

void PmiServer::get_job(std::uint32_t local, const PmiMessage& message) {
  const std::string* key = message.find("key");
  const std::string universe = std::to_string(step_.tasks);
  if (key == nullptr) {
    answer_failed(local, message, "info-getjobattr without key");
    return;
  }
  answer(local, message, found_value(*key == "universeSize" ? &universe : look_up(*key)));
}

}  // namespace cox::stepd
