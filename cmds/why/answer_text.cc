// See answer_text.h.
#include "cmds/why/answer_text.h"

#include <cstdlib>
#include <vector>

#include "cmds/client/clean_text.h"
#include "cmds/client/local_instants.h"
#include "cmds/client/table.h"
#include "cmds/client/views.h"
#include "common/count_text.h"

namespace cox::cmds {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string checks_text(const wire::Explanation& explanation) {
  Rows rows;
  for (const wire::Check& check : explanation.checks()) {
    rows.push_back({check.passed() ? "  ok" : "  no", check.name(), check.detail()});
  }
  return lay_out_plain(rows);
}

std::string contrast_text(const wire::Explanation& explanation) {
  const wire::Contrast& contrast = explanation.contrast();
  std::string text = contrast.summary() + "\n";
  if (contrast.terms_size() != 0) {
    Rows rows = {{"  TERM", "JOB " + explanation.id(), "JOB " + contrast.other(), "DIFFERENCE"}};
    for (const wire::ContrastTerm& term : contrast.terms()) {
      rows.push_back({"  " + term.name(), thousandths_text(term.mine()),
                      thousandths_text(term.theirs()),
                      thousandths_text(term.mine() - term.theirs())});
    }
    text += lay_out_plain(rows);
  }
  if (contrast.terms_size() == 0) return text;
  const std::string other = "job " + contrast.other(), job = "job " + explanation.id();
  const std::string passes =
      contrast.is_before() ? other + " passes " + job : job + " passes " + other;
  if (contrast.crossing_us() == 0) return text + "it stays so while shares stay as they are\n";
  return text + passes + " about " + local_time(contrast.crossing_us()) +
         ", if shares stay as they are\n";
}

std::string suggestions_text(const wire::Explanation& explanation) {
  if (explanation.suggestions_size() == 0) return "no small change lets it start sooner\n";
  Rows rows;
  for (const wire::Suggestion& one : explanation.suggestions()) {
    const std::string start = one.is_now() ? "at once" : "at " + local_time(one.start_us());
    rows.push_back({"  cox update " + explanation.id() + " " + one.change(),
                    start + (one.is_estimate() ? " (an estimate)" : "")});
  }
  return "it would start sooner with\n" + lay_out_plain(rows);
}

}  // namespace

std::string answer_text(const wire::Explanation& explanation, bool wants_suggestions) {
  std::string text = "job " + explanation.id() + " is " + explanation.state();
  text += explanation.summary().empty() ? "\n" : ": " + clean_text(explanation.summary()) + "\n";
  text += checks_text(explanation);
  if (!explanation.next_event().empty()) text += "next: " + explanation.next_event() + "\n";
  if (explanation.has_contrast()) text += contrast_text(explanation);
  if (wants_suggestions && explanation.state() == "PENDING") text += suggestions_text(explanation);
  return with_local_instants(text);
}

}  // namespace cox::cmds
