// Job by job: its ids, its attempts, what its scripts wrote, and what was done to it.
#include "testsuite/kills/verdict.h"

#include <algorithm>
#include <iterator>

#include "common/node_list.h"
#include "common/text.h"
#include "testsuite/kills/sync_log.h"

namespace cox::kills {
namespace {

/// What an attempt's scripts wrote.
struct Ran {
  std::uint64_t starts = 0, ends = 0, overlaps = 0;
};

using Witness = std::map<AttemptKey, Ran>;

class Judge {
 public:
  Judge(const Book& book, const Evidence& evidence) : book_(book), evidence_(evidence) {}

  Verdict judge() {
    read_lines();
    for (const PastAttempt& attempt : evidence_.attempts) by_name_[attempt.name].push_back(attempt);
    for (auto& [name, attempts] : by_name_) std::ranges::sort(attempts, {}, &PastAttempt::attempt);
    for (const auto& [marker, wish] : book_.wishes) judge_wish(marker, wish);
    for (const auto& [name, attempts] : by_name_) complain("nobody asked for job " + name);
    for (const auto& [key, ran] : witness_) {
      doubled("attempt " + text_of(key) + " ran, but no attempt of that number ended");
    }
    std::ranges::copy(book_.complaints, std::back_inserter(verdict_.complaints));
    return std::move(verdict_);
  }

 private:
  static std::string text_of(const AttemptKey& key) {
    return std::to_string(key.first) + "." + std::to_string(key.second);
  }

  void complain(const std::string& text) { verdict_.complaints.push_back(text); }

  void lost(const std::string& text) {
    ++verdict_.totals.lost;
    complain("lost: " + text);
  }

  void doubled(const std::string& text) {
    ++verdict_.totals.doubled;
    complain("twice: " + text);
  }

  void disturbed(const std::string& text) {
    ++verdict_.totals.disturbed;
    complain("disturbed: " + text);
  }

  void read_lines() {
    for (const std::string_view line : split(evidence_.lines, '\n')) {
      const auto words = split(line, ' ');
      if (line.empty()) continue;
      const auto job = parse_u64(words.front());
      const auto attempt = words.size() == 4 ? parse_u64(words[1]) : std::nullopt;
      if (!job || !attempt) {
        complain("a line is torn: " + quoted(line));
        continue;
      }
      Ran& ran = witness_[{*job, static_cast<std::uint32_t>(*attempt)}];
      ran.starts += words[3] == "start" ? 1 : 0;
      ran.ends += words[3] == "end" ? 1 : 0;
      ran.overlaps += words[3] == "overlap" ? 1 : 0;
    }
  }

  void judge_wish(std::uint64_t marker, const Wish& wish) {
    const std::string name = marked_name(marker);
    const auto found = by_name_.extract(name);
    if (wish.ids.size() > 1) doubled(name + ": its clients were told different ids");
    if (found.empty()) {
      if (!wish.ids.empty()) lost(name + " was acknowledged and is not known");
      return;
    }
    const std::vector<PastAttempt>& attempts = found.mapped();
    if (wish.elements != 0) return judge_array(name, wish, attempts);
    const std::uint64_t job = attempts.front().job;
    ++verdict_.totals.jobs;
    if (!wish.ids.empty() && *wish.ids.begin() != job) {
      lost(name + " was acknowledged as job " + std::to_string(*wish.ids.begin()) +
           " and is known as " + std::to_string(job));
    }
    if (std::ranges::any_of(attempts, [&](const PastAttempt& one) { return one.job != job; })) {
      doubled(name + " is more than one job");
    }
    if (std::ranges::count_if(attempts, &PastAttempt::is_last) != 1) {
      lost(name + " has not one end");
    }
    judge_attempts(wish, attempts);
  }

  /// Each element by itself, and that all are there, each once.
  void judge_array(const std::string& name,
                   const Wish& wish,
                   const std::vector<PastAttempt>& attempts) {
    std::map<std::uint64_t, std::vector<PastAttempt>> by_job;
    std::map<std::uint32_t, std::uint32_t> ends;
    for (const PastAttempt& attempt : attempts) {
      if (!wish.ids.empty() && attempt.array != *wish.ids.begin()) {
        lost(name + " was acknowledged as job " + std::to_string(*wish.ids.begin()) +
             " and is known as " + std::to_string(attempt.array));
      }
      if (attempt.is_last) {
        for (const std::uint32_t index : attempt.indices) ++ends[index];
      }
      by_job[attempt.job].push_back(attempt);
    }
    for (std::uint32_t index = 0; index < wish.elements; ++index) {
      const std::string who = "element " + std::to_string(index) + " of " + name;
      if (ends[index] == 0) lost(who + " has no end");
      if (ends[index] > 1) doubled(who + " ended more than once");
    }
    if (ends.size() > wish.elements) doubled(name + " has elements that nobody asked for");
    ++verdict_.totals.jobs;
    for (const auto& [job, of_job] : by_job) judge_attempts(wish, of_job);
  }

  void judge_attempts(const Wish& wish, const std::vector<PastAttempt>& attempts) {
    bool was_disturbed = false;
    for (const PastAttempt& attempt : attempts) was_disturbed |= judge_attempt(wish, attempt);
    const PastAttempt& last = attempts.back();
    const std::string& state = last.state;
    verdict_.totals.completed += state == "COMPLETED" ? 1 : 0;
    verdict_.totals.cancelled += state == "CANCELLED" ? 1 : 0;
    verdict_.totals.failed += state == "NODE_FAIL" ? 1 : 0;
    verdict_.totals.again += was_disturbed ? 1 : 0;
    if (wish.run_complaint.empty() || state != "COMPLETED") return;
    if (was_disturbed || has_excuse(wish, last)) return;
    if (wish.run_complaint.find("output is lost") != std::string::npos) {
      ++verdict_.totals.unseen;
    } else {
      disturbed("cox run of job " + std::to_string(last.job) + ": " + wish.run_complaint);
    }
  }

  /// True when it ran and did not come to its own end.
  bool judge_attempt(const Wish& wish, const PastAttempt& attempt) {
    const AttemptKey key{attempt.job, attempt.attempt};
    const auto found = witness_.extract(key);
    const Ran ran = found.empty() ? Ran{} : found.mapped();
    const std::string who = text_of(key) + " (" + attempt.name + ", " + attempt.state + ", " +
                            attempt.failure + ": " + attempt.why + ")";
    if (ran.starts > 1 || ran.ends > ran.starts) doubled("attempt " + who + " started twice");
    if (ran.overlaps > 0) doubled("attempt " + who + " ran while another of its job did");
    if (attempt.state == "COMPLETED") {
      if (ran.starts != 1 || ran.ends != 1) lost("attempt " + who + " did not run to its end");
      if (!wish.is_run) judge_output(attempt, who);
      return false;
    }
    if (attempt.state == "CANCELLED") {
      if (!wish.is_cancelled && !has_excuse(wish, attempt))
        disturbed(who + ": nobody asked for it");
      return false;
    }
    if (attempt.state == "UNDONE" && ran.starts > 0) doubled(who + ": it ran before it was undone");
    const bool is_known =
        attempt.state == "UNDONE" || attempt.state == "REQUEUED" || attempt.state == "NODE_FAIL";
    if (!is_known) disturbed("attempt " + who);
    if (ran.starts == 0) {
      ++verdict_.totals.never_begun;
      if (book_.kill_count() == 0) disturbed("attempt " + who);
      return false;
    }
    if (is_known && !has_excuse(wish, attempt)) disturbed("attempt " + who);
    return true;
  }

  void judge_output(const PastAttempt& attempt, const std::string& who) {
    const auto found = evidence_.outputs.find(attempt.job);
    const std::string whole = whole_output(attempt.job, attempt.attempt);
    if (found == evidence_.outputs.end() || !found->second.ends_with(whole)) {
      lost("the output of attempt " + who + " is not whole");
    }
  }

  bool has_excuse(const Wish& wish, const PastAttempt& attempt) const {
    if (wish.is_client_killed || wish.is_cancelled) return true;
    if (book_.shot.contains({attempt.job, attempt.attempt})) return true;
    const auto nodes = expand_node_list(attempt.node_list);
    return nodes && std::ranges::any_of(book_.cuts, [&](const Cut& cut) {
             return std::ranges::find(*nodes, cut.node) != nodes->end() &&
                    attempt.started < cut.until && cut.from < attempt.ended;
           });
  }

  const Book& book_;
  const Evidence& evidence_;
  Witness witness_;
  std::map<std::string, std::vector<PastAttempt>> by_name_;
  Verdict verdict_;
};

}  // namespace

std::string whole_output(std::uint64_t job, std::uint32_t attempt) {
  constexpr int lines = 200;
  std::string text;
  for (int i = 1; i <= lines; ++i) text += std::to_string(i) + "\n";
  return text + "whole " + std::to_string(job) + " " + std::to_string(attempt) + "\n";
}

Verdict judge(const Book& book, const Evidence& evidence) {
  return Judge(book, evidence).judge();
}

}  // namespace cox::kills
