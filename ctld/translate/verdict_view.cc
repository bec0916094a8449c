// Answers to "why does it wait?" as messages.
#include "core/job/array.h"
#include "ctld/translate/replies.h"

namespace cox::ctld {

void put_verdict(const core::Verdict& verdict, wire::Explanation* to) {
  to->set_summary(verdict.summary);
  for (const core::VerdictCheck& check : verdict.checks) {
    wire::Check* entry = to->add_checks();
    entry->set_name(check.name);
    entry->set_passed(check.passed);
    entry->set_detail(check.detail);
    entry->set_amount(check.amount);
  }
  to->set_next_event(verdict.next_event);
  to->set_nodes(verdict.nodes);
}

void put_verdict(const core::Job& job, const core::Verdict& verdict, wire::Explanation* to) {
  to->set_job(job.id.value);
  to->set_id(core::job_name(job));
  to->set_state(std::string(to_text(job_state(job))));
  put_verdict(verdict, to);
}

void put_contrast(const std::string& other, const core::Contrast& contrast, wire::Contrast* to) {
  to->set_other(other);
  to->set_partition(contrast.partition);
  to->set_is_before(contrast.is_before);
  to->set_summary(contrast.summary);
  to->set_crossing_us(contrast.crossing.us);
  for (const core::ContrastTerm& term : contrast.terms) {
    wire::ContrastTerm* entry = to->add_terms();
    entry->set_name(term.name);
    entry->set_mine(term.mine);
    entry->set_theirs(term.theirs);
  }
}

void put_suggestions(const std::vector<core::Suggestion>& suggestions, wire::Explanation* to) {
  for (const core::Suggestion& suggestion : suggestions) {
    wire::Suggestion* entry = to->add_suggestions();
    entry->set_change(suggestion.change);
    entry->set_start_us(suggestion.start.us);
    entry->set_is_now(suggestion.is_now);
    entry->set_is_estimate(suggestion.is_estimate);
  }
}

}  // namespace cox::ctld
