// Answers that need history.db: its own queries, and questions about jobs that left memory.
#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "core/job/array.h"
#include "ctld/client_desk.h"
#include "ctld/name_list.h"
#include "ctld/translate/history_view.h"
#include "ctld/translate/replies.h"

namespace cox::ctld {

namespace {

constexpr std::size_t reply_bytes = 8U << 20;
// Of one client at a time; nor do its waits grow without end.
constexpr std::ptrdiff_t listings_max = 64;
constexpr std::size_t watched_jobs_max = 200'000;
// Lists of many jobs at a time: more would only take longer, all of them.
constexpr std::ptrdiff_t lists_of_user_max = 16;
constexpr std::ptrdiff_t lists_of_all_max = 64;
constexpr Duration list_retry_after = seconds(1);

template <class Numbers>
std::vector<JobId> ids_of(const Numbers& numbers) {
  std::vector<JobId> ids;
  for (const std::uint64_t number : numbers) ids.emplace_back(number);
  return ids;
}

std::vector<JobId> once(std::vector<JobId> ids) {
  std::ranges::sort(ids);
  const auto repeats = std::ranges::unique(ids);
  ids.erase(repeats.begin(), repeats.end());
  return ids;
}

/// Elements of the array are on a list that has ended ones too.
bool has_parts(const core::State& state, const core::Job& array) {
  return state.find_members(array.id) != nullptr || !array.run->array->cancelled.empty();
}

/// What of the named is in State. An array that is listed with its elements is shown by what has no
/// job, and alone as a whole.
ListedNames listed(const core::State& state, const wire::ListJobs& request, const auto& names) {
  ListedNames to;
  for (const JobId id : names.jobs) {
    const core::Job* job = state.find_job(id);
    if (job == nullptr) continue;
    const bool is_parted = request.expand() && core::is_array(*job);
    const bool is_told_by_others =
        job->phase == JobPhase::split ||
        (job->phase == JobPhase::ended && request.ended() && has_parts(state, *job));
    if (!is_parted || !is_told_by_others) to.jobs.push_back(id);
    const ArraySpec& cancelled = job->run->array->cancelled;
    if (is_parted && request.ended() && !cancelled.empty()) {
      to.elements.push_back({id, cancelled, true});
    }
  }
  for (const auto& named : names.elements) {
    if (!named.waiting.empty()) to.elements.push_back({named.array, named.waiting, false});
    if (!named.cancelled.empty()) to.elements.push_back({named.array, named.cancelled, true});
  }
  return to;
}

/// Elements that neither State nor the history knows.
ArraySpec missing_elements(const NamedElements& named,
                           const std::map<JobId, wire::JobView>& jobs,
                           const std::vector<wire::JobView>& elements) {
  ArraySpec missing = named.past;
  for (const auto& [id, view] : jobs) {
    if (view.is_element() && view.array() == named.array.value) missing.remove(view.index());
  }
  for (const wire::JobView& view : elements) {
    if (view.array() != named.array.value) continue;
    if (const auto held = parse_array(view.elements())) missing = elements_without(missing, *held);
  }
  return missing;
}

/// Of a job that left memory.
const Labels& labels_of(const auto& past, const wire::JobView& view) {
  static const Labels none;
  const auto found = past.labels.find(JobId{view.job()});
  return found == past.labels.end() ? none : found->second;
}

std::string no_job(JobId id) {
  return "no job " + std::to_string(id.value);
}

}  // namespace

void ClientDesk::history(const Conversation& to, const wire::HistoryQuery& query) {
  auto filter = translate_history_query(query);
  if (!filter) return refuse(to, filter.error());
  history_.query(std::move(*filter), [this, to](const Result<HistoryPage>& page) {
    if (!clients_.contains(to.client)) return;
    if (!page) return refuse(to, page.error());
    wire::ClientReply answer;
    put_history(*page, reply_bytes, answer.mutable_history());
    name_enders(std::make_shared<wire::ClientReply>(std::move(answer)), to);
  });
}

/// The history keeps numbers: a name may be given to somebody else later. Each is looked up once.
void ClientDesk::name_enders(const std::shared_ptr<wire::ClientReply>& answer,
                             const Conversation& to) {
  std::set<Uid> unnamed;
  for (wire::HistoryEntry& entry : *answer->mutable_history()->mutable_entries()) {
    if (!entry.has_ended_by()) continue;
    if (entry.ended_by() == entry.job().uid()) {
      entry.set_ended_by_name(entry.job().user());
    } else if (entry.ended_by() == 0) {
      entry.set_ended_by_name("root");
    } else {
      unnamed.insert(entry.ended_by());
    }
  }
  auto left = std::make_shared<std::size_t>(unnamed.size());
  if (unnamed.empty()) return reply(to, std::move(*answer), true, true);
  for (const Uid uid : unnamed) {
    users_.resolve(uid, 0, machine_.now(), [=, this](const Result<UserIdentity>& user) {
      for (wire::HistoryEntry& entry : *answer->mutable_history()->mutable_entries()) {
        if (entry.has_ended_by() && entry.ended_by() == uid && user) {
          entry.set_ended_by_name(user->name);
        }
      }
      if (--*left == 0) reply(to, std::move(*answer), true, true);
    });
  }
}

std::vector<JobId> ClientDesk::not_in_state(const std::vector<JobId>& jobs) const {
  std::vector<JobId> missing;
  std::ranges::copy_if(jobs, std::back_inserter(missing),
                       [this](JobId id) { return state().find_job(id) == nullptr; });
  return once(std::move(missing));
}

Result<ClientDesk::Names> ClientDesk::find_names(
    const google::protobuf::RepeatedField<std::uint64_t>& jobs,
    const google::protobuf::RepeatedPtrField<wire::ElementsOf>& elements,
    Expand expand) const {
  const auto taken = take_elements(elements);
  if (!taken) return tl::unexpected(taken.error());
  Names names;
  for (const JobId id : ids_of(jobs)) {
    names.jobs.push_back(id);
    const core::ArrayMembers* members = expand == Expand::no ? nullptr : state().find_members(id);
    if (members == nullptr) continue;
    for (const auto& [index, element] : members->elements) {
      const bool is_ended = state().find_job(element)->phase == JobPhase::ended;
      if (expand == Expand::all || !is_ended) names.jobs.push_back(element);
    }
  }
  for (const auto& [array, some] : *taken) {
    auto named = find_elements(state(), array, some);
    if (!named) return tl::unexpected(named.error());
    names.jobs.insert(names.jobs.end(), named->jobs.begin(), named->jobs.end());
    names.elements.push_back(std::move(*named));
  }
  return names;
}

void ClientDesk::find_past(const Conversation& to,
                           const Names& names,
                           bool full,
                           const std::function<void(const PastJobs&)>& then) {
  HistoryFilter filter;
  filter.jobs = not_in_state(names.jobs);
  std::size_t count = filter.jobs.size();
  for (const NamedElements& named : names.elements) {
    if (named.past.empty()) continue;
    filter.elements.emplace_back(named.array, named.past);
    count += named.past.count();
  }
  if (count == 0) return then({});
  if (count > past_jobs_max) {
    return refuse(to, {Code::bad_usage, std::to_string(count) +
                                            " jobs that ended long ago are over the limit of " +
                                            std::to_string(past_jobs_max)});
  }
  filter.with_steps = full;
  filter.with_arrays = true;
  // An array has rows of its own beside its last.
  filter.limit = 2 * count + past_jobs_max;
  const std::size_t asked = filter.jobs.size();
  history_.query(std::move(filter), [=, this](const Result<HistoryPage>& page) {
    if (!clients_.contains(to.client)) return;
    if (!page) return refuse(to, page.error());
    // A job that left memory meanwhile is asked for as well.
    if (not_in_state(names.jobs).size() > asked) return find_past(to, names, full, then);
    PastJobs past;
    for (const AttemptRow& row : page->attempts) {
      past.labels[row.job] = row.labels;
      if (row.kind != "elements") {
        put_past_job(row, page->steps, full, &past.jobs[row.job]);
        continue;
      }
      const auto named = std::ranges::find(names.elements, row.array, &NamedElements::array);
      const auto held = parse_array(row.elements);
      if (named == names.elements.end() || !held) continue;
      wire::JobView& view = past.elements.emplace_back();
      put_past_job(row, page->steps, full, &view);
      view.set_id(elements_name(row.array, common_elements(*held, named->past)));
    }
    then(past);
  });
}

void ClientDesk::list_jobs(const Conversation& to, const wire::ListJobs& request) {
  const bool is_named = request.jobs_size() + request.elements_size() != 0;
  if (auto may = check_lists(to.client, is_named); !may) {
    return refuse(to, may.error(), list_retry_after);
  }
  const auto selector = Selector::parse(request.selector());
  if (!selector) return refuse(to, selector.error());
  const Expand expand = !request.expand() ? Expand::no
                        : request.ended() ? Expand::all
                                          : Expand::unended;
  const auto names = find_names(request.jobs(), request.elements(), expand);
  if (!names) return refuse(to, names.error());
  if (request.watch() && !watch_list(to, request, *selector)) return;
  find_past(to, *names, request.full(),
            [=, this, names = *names, selector = *selector](const PastJobs& past) {
              wire::ClientReply answer;
              const NameList users(request.user());
              const auto add = [&](const wire::JobView& view) {
                if (!users.takes(view.user())) return;
                if (!selector.empty() && !selector.matches(labels_of(past, view))) return;
                *answer.mutable_jobs()->add_jobs() = view;
              };
              for (const auto& [id, view] : past.jobs) add(view);
              for (const wire::JobView& view : past.elements) add(view);
              if (answer.has_jobs()) reply(to, std::move(answer), false, true);
              Listing list(to, request, selector, listed(state(), request, names), is_named);
              // What names its jobs is short, and does not stand behind the lists of all.
              if (is_named && send_slice(list)) return;
              listings_.push_back(std::move(list));
            });
}

Result<void> ClientDesk::check_lists(ClientId client, bool is_named) {
  const auto open_of = [this](auto is_counted) {
    return std::ranges::count_if(listings_, [&](const Listing& listing) {
      return is_counted(listing.conversation().client);
    });
  };
  const auto own = open_of([&](ClientId one) { return one == client; });
  if (own >= listings_max) {
    return fail(Code::refused,
                std::to_string(own) + " lists are on their way to this client already");
  }
  if (is_named) return {};
  const Uid uid = clients_.at(client).uid;
  const auto of_user = open_of([&](ClientId one) {
    const auto known = clients_.find(one);
    return known != clients_.end() && known->second.uid == uid;
  });
  const bool is_user_full = of_user >= lists_of_user_max;
  if (!is_user_full && std::ssize(listings_) < lists_of_all_max) return {};
  const std::string whose = is_user_full ? " to uid " + std::to_string(uid) : "";
  return fail(Code::refused, std::to_string(is_user_full ? of_user : std::ssize(listings_)) +
                                 " lists are on their way" + whose + " already: retry after " +
                                 std::to_string(list_retry_after.us / 1'000'000) + " s");
}

void ClientDesk::explain_past(const Conversation& to, const wire::ExplainJob& request) {
  Names names;
  const JobId id(request.job());
  if (request.has_index()) {
    auto named = find_elements(state(), id, single_element(request.index()));
    if (!named) return refuse(to, named.error());
    if (!named->cancelled.empty()) {
      wire::ClientReply answer;
      answer.mutable_explanation()->set_job(id.value);
      answer.mutable_explanation()->set_id(elements_name(id, named->cancelled));
      answer.mutable_explanation()->set_state("CANCELLED");
      // Those that ended with the whole array ended for its reason.
      const core::Job& array = *named->record;
      const std::string why = array.phase == JobPhase::ended ? array.run->why : "";
      answer.mutable_explanation()->set_summary("it was cancelled before it began" +
                                                (why.empty() ? "" : ": " + why));
      return reply(to, std::move(answer), true, true);
    }
    names.elements.push_back(std::move(*named));
  } else {
    names.jobs.push_back(id);
  }
  find_past(to, names, false, [=, this](const PastJobs& past) {
    if (past.jobs.empty() && past.elements.empty()) {
      return refuse(
          to, {Code::not_found, request.has_index()
                                    ? "no job " + elements_name(id, single_element(request.index()))
                                    : no_job(id)});
    }
    const wire::JobView& job =
        past.jobs.empty() ? past.elements.front() : past.jobs.begin()->second;
    wire::ClientReply answer;
    answer.mutable_explanation()->set_job(job.job());
    answer.mutable_explanation()->set_id(job.id());
    answer.mutable_explanation()->set_state(job.state());
    answer.mutable_explanation()->set_summary(job.why().empty() ? "it has ended"
                                                                : "it has ended: " + job.why());
    reply(to, std::move(answer), true, true);
  });
}

void ClientDesk::wait(const Conversation& to, const wire::WaitJobs& request) {
  const auto names = find_names(request.jobs(), request.elements(), Expand::no);
  if (!names) return refuse(to, names.error());
  find_past(to, *names, false,
            [=, this, names = *names](const PastJobs& past) { wait_knowing(to, names, past); });
}

void ClientDesk::wait_knowing(const Conversation& to, const Names& names, const PastJobs& past) {
  std::vector<wire::JobView> ended = past.elements;
  std::vector<JobId> live;
  std::vector<JobId> wanted = names.jobs;
  for (const auto& [id, view] : past.jobs) wanted.push_back(id);
  for (const JobId id : once(std::move(wanted))) {
    const core::Job* job = state().find_job(id);
    const auto found = past.jobs.find(id);
    if (job == nullptr && found == past.jobs.end()) {
      return refuse(to, {Code::not_found, no_job(id)});
    }
    if (job != nullptr && job->phase != JobPhase::ended) {
      live.push_back(id);
    } else if (job != nullptr) {
      put_job(state(), machine_.plan(), *job, Detail::full, &ended.emplace_back());
    } else {
      ended.push_back(found->second);
    }
  }
  if (watches_.count(to.client) + live.size() > watched_jobs_max) {
    return refuse(to, {Code::refused, "this client waits for more than " +
                                          std::to_string(watched_jobs_max) + " jobs"});
  }
  std::vector<ListedElements> waiting;
  for (const NamedElements& named : names.elements) {
    if (auto missing = missing_elements(named, past.jobs, past.elements); !missing.empty()) {
      return refuse(to, {Code::not_found, "no job " + elements_name(named.array, missing)});
    }
    if (!named.cancelled.empty()) {
      const core::Job& array = *state().find_job(named.array);
      put_elements(state(), machine_.plan(), array, named.cancelled, true, Detail::full,
                   &ended.emplace_back());
    }
    if (!named.waiting.empty()) waiting.push_back({named.array, named.waiting});
  }
  const bool is_over = live.empty() && waiting.empty();
  if (ended.empty() && is_over) return refuse(to, {Code::bad_usage, "no job to wait for"});
  for (wire::JobView& view : ended) {
    const bool is_last = is_over && &view == &ended.back();
    wire::ClientReply answer;
    *answer.mutable_event()->mutable_job() = std::move(view);
    reply(to, std::move(answer), is_last, false);
  }
  for (const JobId id : live) watches_.add(id, {to, WatchKind::end_of_job, {}, {}, false});
  for (const ListedElements& some : waiting) {
    Watch watch{to, WatchKind::elements, {}, {}, false};
    watch.elements = some.elements;
    watches_.add(some.array, watch);
    tell(some.array, true);  // what became of them while the history was asked
  }
}

}  // namespace cox::ctld
