// sdiag: what the controller has counted and measured since it began.
#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace sdiag_locals {
namespace {

constexpr std::array table = {
    Option{"all", 'a', "", exact, ""},
    Option{"clusters", 'M', "LIST", exact, ""},
    Option{"cluster", 0, "LIST", exact, "", "clusters"},
    Option{"help", 'h', "", exact, ""},
    Option{"json", 0, "", refused, later},
    Option{"reset", 'r', "", refused, "counts begin with the controller"},
    Option{"sort-by-id", 'i', "", exact, ""},
    Option{"sort-by-time", 't', "", exact, ""},
    Option{"sort-by-time2", 'T', "", exact, ""},
    Option{"usage", 0, "", exact, ""},
    Option{"verbose", 'v', "", about, "nothing more is said"},
    Option{"version", 'V', "", exact, ""},
    Option{"yaml", 0, "", refused, later},
};

// Lines and blocks of Slurm's that are there, by how they begin.
struct Named {
  const char* name;
  Parity parity;
};

constexpr std::array lines = {
    Named{"Server thread count", about},
    Named{"Agent queue size", about},
    Named{"DBD Agent queue size", about},
    Named{"Jobs submitted", exact},
    Named{"Jobs started", exact},
    Named{"Jobs completed", exact},
    Named{"Jobs canceled", exact},
    Named{"Jobs failed", exact},
    Named{"Jobs pending", exact},
    Named{"Jobs running", exact},
    Named{"Main schedule statistics", about},
    Named{"Backfilling stats", refused},
    Named{"Remote Procedure Call statistics by message type", about},
    Named{"Remote Procedure Call statistics by user", refused},
};

Options options() {
  return table;
}

std::vector<FieldName> field_names() {
  return names_of(lines);
}

std::string line(const char* name, std::uint64_t value) {
  std::string text = std::string(name) + ":";
  text.resize(std::max<std::size_t>(text.size() + 1, 22), ' ');
  return text + std::to_string(value) + "\n";
}

std::int64_t mean(const wire::Spent& spent) {
  return spent.count() == 0 ? 0 : spent.us() / static_cast<std::int64_t>(spent.count());
}

/// A cycle is what the pass gets of one turn of the controller.
std::string cycles(const wire::StatusReply& status) {
  const wire::Spent& spent = status.planning();
  const std::int64_t up_us = std::max<std::int64_t>(status.now_us() - status.started_us(), 1);
  const double minutes = static_cast<double>(up_us) / 60e6;
  const auto per_minute = static_cast<std::uint64_t>(static_cast<double>(spent.count()) / minutes);
  const auto natural = [](std::int64_t us) { return static_cast<std::uint64_t>(us); };
  return "\nMain schedule statistics (microseconds):\n\t" +
         line("Last cycle", natural(spent.last_us())) + "\t" +
         line("Max cycle", natural(spent.longest_us())) + "\t" +
         line("Total cycles", spent.count()) + "\t" + line("Mean cycle", natural(mean(spent))) +
         "\t" + line("Cycles per minute", per_minute) + "\t" +
         line("Last queue length", status.jobs_pending());
}

std::string requests(const Words& given, const wire::StatusReply& status) {
  std::vector<const wire::RequestCount*> rows;
  for (const wire::RequestCount& one : status.requests()) rows.push_back(&one);
  std::ranges::stable_sort(rows, [&](const auto* a, const auto* b) {
    if (given.has("sort-by-id")) return a->number() < b->number();
    if (given.has("sort-by-time")) return a->spent().us() > b->spent().us();
    if (given.has("sort-by-time2")) return mean(a->spent()) > mean(b->spent());
    return a->spent().count() > b->spent().count();
  });
  std::string text = "\nRemote Procedure Call statistics by message type\n";
  for (const wire::RequestCount* one : rows) {
    std::array<char, 256> row{};
    std::snprintf(
        row.data(), row.size(), "\t%-40s(%5u) count:%-6llu ave_time:%-6lld total_time:%lld\n",
        std::string(one->name()).c_str(), one->number(),
        static_cast<unsigned long long>(one->spent().count()),
        static_cast<long long>(mean(one->spent())), static_cast<long long>(one->spent().us()));
    text += row.data();
  }
  return text;
}

std::string report(const Words& given, const wire::StatusReply& status) {
  const std::string stars(55, '*');
  const auto seconds = [](std::int64_t us) {
    return " (" + std::to_string(us / 1'000'000) + ")\n";
  };
  return stars + "\nsdiag output at " + date(status.now_us(), "Unknown") +
         seconds(status.now_us()) + "Data since      " + date(status.started_us(), "Unknown") +
         seconds(status.started_us()) + stars + "\n" + line("Server thread count", 1) +
         line("Agent queue size", 0) + line("DBD Agent queue size", 0) + "\n" +
         line("Jobs submitted", status.jobs_submitted()) +
         line("Jobs started", status.jobs_started()) +
         line("Jobs completed", status.jobs_completed()) +
         line("Jobs canceled", status.jobs_cancelled()) +
         line("Jobs failed", status.jobs_failed()) + "\n" +
         line("Jobs pending", status.jobs_pending()) + line("Jobs running", status.jobs_running()) +
         cycles(status) + requests(given, status);
}

Result<int> run(const Words& given) {
  if (!given.operands.empty()) {
    return fail(Code::bad_usage, "Unrecognized option: " + quoted(given.operands.front()));
  }
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto checked = check_clusters(*session, given);
  if (!checked) return Failure(checked.error());
  wire::ClientRequest request;
  request.mutable_status();
  const auto reply = session->ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  const auto printed = print(report(given, reply->status()));
  return printed ? Result<int>(0) : Failure(printed.error());
}

}  // namespace
}  // namespace sdiag_locals

const Tool sdiag_tool{
    "sdiag",          "[OPTIONS]", sdiag_locals::options, Stop::never, sdiag_locals::field_names,
    sdiag_locals::run};

}  // namespace cox::cmds::slurm
