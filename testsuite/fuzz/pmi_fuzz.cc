// What a task may send to the PMI server, in both versions: it is answered in whole messages or the
// step is ended with one readable line, after which nothing is heard.
#include <memory>

#include "noded/stepd/pmi/pmi_server.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

namespace {

/// One task that talks, beside one that does not.
struct Talk {
  stepd::PmiReader answers;
  std::unique_ptr<stepd::PmiServer> server;
  int broken = 0, aborted = 0, fences = 0;

  Talk() {
    stepd::PmiStep step{"cox.1.1.0", "(vector,(0,1,2))", "n1", {0, 1}, 2};
    stepd::PmiServer::Out out;
    out.send = [this](std::uint32_t local, const std::string& bytes) {
      require(broken == 0 && aborted == 0, "an answer after the end");
      if (local == 0) answers.add(bytes);
    };
    out.fence = [this](const std::string&) { ++fences; };
    out.abort = [this](std::int32_t, const std::string&) { ++aborted; };
    out.broken = [this](const std::string& why) {
      ++broken;
      fuzz::require_readable(Error{Code::bad_usage, why});
    };
    server = std::make_unique<stepd::PmiServer>(std::move(step), std::move(out));
  }
};

void check_answers(stepd::PmiReader* answers) {
  while (true) {
    const auto answer = answers->next();
    require(answer.has_value(), "an answer that is no message");
    if (!*answer) return;
    require((*answer)->find("rc") != nullptr, "an answer without its status");
    const std::string* version = (*answer)->find("pmi_version");
    if (version != nullptr && *version == "2") answers->speak(stepd::PmiVersion::two);
  }
}

template <class Parse, class Text>
void check_round_trip(std::string_view bytes, Parse parse, Text text, std::size_t before) {
  const auto message = parse(bytes);
  if (!message) return fuzz::require_readable(message.error());
  std::string again = text(*message);
  again.erase(0, before);
  if (before == 0) again.pop_back();  // the newline
  const auto second = parse(again);
  require(second.has_value(), "what was written cannot be read");
  require(second->command == message->command && second->words == message->words,
          "what was written reads as something else");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  check_round_trip(bytes, stepd::parse_pmi1, stepd::pmi1_text, 0);
  check_round_trip(bytes, stepd::parse_pmi2, stepd::pmi2_text, 6);
  Talk whole;
  whole.server->take(0, bytes);
  require(whole.broken + whole.aborted <= 1, "ended twice");
  require(whole.fences == 0, "a fence without the other task");
  check_answers(&whole.answers);
  Talk pieces;
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    pieces.server->take(0, bytes.substr(at, 7));
  }
  require(pieces.broken == whole.broken && pieces.aborted == whole.aborted,
          "pieces are understood otherwise than the whole");
  return 0;
}
