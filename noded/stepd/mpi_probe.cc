// See mpi_probe.h. libpmix is loaded as the user's programs load it, by the loader's own search, so
// that another one than the server's is found and named.
#include "noded/stepd/mpi_probe.h"

#include <dlfcn.h>
#include <pmix.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "common/result.h"
#include "common/text.h"

namespace cox::stepd {
namespace {

constexpr const char* pmix_library = "libpmix.so.2";
constexpr const char* value_key = "cox.probe";
constexpr std::size_t line_bytes_max = 4096;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// error: refused, naming the first that is missing
Result<void> require(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (variable(name).empty()) {
      return fail(Code::refused, std::string(name) + " is not set in the environment of the task");
    }
  }
  return {};
}

/// The functions of libpmix that a client needs.
class Pmix {
 public:
  static Result<Pmix> load() {
    Pmix pmix;
    pmix.library_ = ::dlopen(pmix_library, RTLD_NOW | RTLD_GLOBAL);
    if (pmix.library_ == nullptr) {
      return fail(Code::not_found, std::string("no program can load libpmix: ") + ::dlerror());
    }
    for (const char* name : {"PMIx_Init", "PMIx_Get", "PMIx_Put", "PMIx_Commit", "PMIx_Fence",
                             "PMIx_Finalize", "PMIx_Error_string", "PMIx_Get_version"}) {
      if (::dlsym(pmix.library_, name) != nullptr) continue;
      return fail(Code::not_found, std::string("libpmix of the programs has no ") + name);
    }
    return pmix;
  }

  template <class Function>
  Function* find(const char* name) const {
    return reinterpret_cast<Function*>(::dlsym(library_, name));
  }

  Failure failed(const std::string& doing, pmix_status_t status) const {
    auto* const text = find<decltype(PMIx_Error_string)>("PMIx_Error_string");
    return fail(Code::refused, doing + ": " + text(status));
  }

 private:
  void* library_ = nullptr;
};

/// A conversation of one rank with the PMIx server.
class PmixClient {
 public:
  explicit PmixClient(const Pmix& pmix) : pmix_(pmix) {}

  /// What there is to say of it, when all went well.
  Result<std::string> run() {
    auto* const version = pmix_.find<decltype(PMIx_Get_version)>("PMIx_Get_version");
    const std::string programs = release_of(version()).value_or("");
    const std::string server = release_of(variable("PMIX_VERSION")).value_or("");
    const std::string both = "programs load PMIx " + programs + ", the server has " + server;
    if (auto begun = begin(); !begun) {
      const bool differ = !programs.empty() && !server.empty() && programs != server;
      return fail(Code::refused, begun.error().message + (differ ? " (" + both + ")" : ""));
    }
    if (auto met = meet(); !met) return Failure(met.error());
    auto* const finalize = pmix_.find<decltype(PMIx_Finalize)>("PMIx_Finalize");
    if (const auto status = finalize(nullptr, 0); status != PMIX_SUCCESS) {
      return pmix_.failed("PMIx_Finalize", status);
    }
    return programs == server ? "PMIx " + programs : "PMIx: " + both;
  }

  std::uint32_t rank() const { return me_.rank; }

  std::uint32_t size() const { return size_; }

 private:
  Result<void> begin() {
    auto* const init = pmix_.find<decltype(PMIx_Init)>("PMIx_Init");
    if (const auto status = init(&me_, nullptr, 0); status != PMIX_SUCCESS) {
      return pmix_.failed("PMIx_Init", status);
    }
    pmix_proc_t job = me_;
    job.rank = PMIX_RANK_WILDCARD;
    const auto size = get(job, PMIX_JOB_SIZE);
    if (!size) return Failure(size.error().with_context("number of tasks"));
    size_ = *size;
    return {};
  }

  /// Everybody hands everybody a number.
  Result<void> meet() {
    pmix_value_t value{};
    value.type = PMIX_UINT32;
    value.data.uint32 = me_.rank + 1;
    auto status = pmix_.find<decltype(PMIx_Put)>("PMIx_Put")(PMIX_GLOBAL, value_key, &value);
    if (status == PMIX_SUCCESS) status = pmix_.find<decltype(PMIx_Commit)>("PMIx_Commit")();
    if (status != PMIX_SUCCESS) return pmix_.failed("PMIx_Put", status);
    status = pmix_.find<decltype(PMIx_Fence)>("PMIx_Fence")(nullptr, 0, nullptr, 0);
    if (status != PMIX_SUCCESS) return pmix_.failed("PMIx_Fence", status);
    for (std::uint32_t rank = 0; rank < size_; ++rank) {
      pmix_proc_t peer = me_;
      peer.rank = rank;
      const auto got = get(peer, value_key);
      if (!got) return Failure(got.error().with_context("value of rank " + std::to_string(rank)));
      if (*got != rank + 1) {
        return fail(Code::refused, "rank " + std::to_string(rank) + " handed over " +
                                       std::to_string(*got) + ", not " + std::to_string(rank + 1));
      }
    }
    return {};
  }

  Result<std::uint32_t> get(const pmix_proc_t& of, const char* key) const {
    pmix_value_t* value = nullptr;
    const auto status = pmix_.find<decltype(PMIx_Get)>("PMIx_Get")(&of, key, nullptr, 0, &value);
    if (status != PMIX_SUCCESS || value == nullptr) return pmix_.failed("PMIx_Get", status);
    return value->data.uint32;  // one value for the rest of a short life
  }

  const Pmix& pmix_;
  pmix_proc_t me_{};
  std::uint32_t size_ = 0;
};

/// A conversation of one rank with the PMI-1 server.
class PmiClient {
 public:
  PmiClient() : fd_(std::atoi(variable("PMI_FD").c_str())) {}

  Result<std::string> run(std::uint32_t rank, std::uint32_t size) {
    const auto begun = ask("cmd=init pmi_version=1 pmi_subversion=1", "rc");
    if (!begun) return Failure(begun.error());
    if (*begun != "0") return fail(Code::refused, "PMI-1 is refused with rc=" + *begun);
    const auto space = ask("cmd=get_my_kvsname", "kvsname");
    if (!space) return Failure(space.error());
    const std::string of = " kvsname=" + *space + " key=probe";
    const auto put =
        ask("cmd=put" + of + std::to_string(rank) + " value=v" + std::to_string(rank), "rc");
    if (!put) return Failure(put.error());
    if (const auto met = ask("cmd=barrier_in", "cmd"); !met) return Failure(met.error());
    for (std::uint32_t peer = 0; peer < size; ++peer) {
      const auto got = ask("cmd=get" + of + std::to_string(peer), "value");
      if (!got) return Failure(got.error().with_context("rank " + std::to_string(peer)));
      if (*got != "v" + std::to_string(peer)) {
        return fail(Code::refused, "rank " + std::to_string(peer) + " handed over " + *got);
      }
    }
    if (const auto ended = ask("cmd=finalize", "cmd"); !ended) return Failure(ended.error());
    return "PMI-1";
  }

 private:
  /// The value of `key` in the answer.
  Result<std::string> ask(const std::string& request, const std::string& key) const {
    const std::string line = request + "\n";
    if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      return fail(Code::refused, "PMI_FD cannot be written to: " + std::string(strerror(errno)));
    }
    std::string answer;
    for (char c = 0; answer.size() < line_bytes_max && ::read(fd_, &c, 1) == 1 && c != '\n';) {
      answer += c;
    }
    for (const std::string_view word : split(answer, ' ')) {
      if (word.starts_with(key + "=")) return std::string(word.substr(key.size() + 1));
    }
    return fail(Code::refused, quoted(request) + " is answered by " + quoted(answer));
  }

  int fd_;
};

/// What is told of a rank, and whether it is good.
int tell(const Result<std::string>& found, std::uint32_t rank, std::uint32_t size) {
  std::string line = "broken " + std::to_string(rank) + " ";
  if (found) {
    line = "wired " + std::to_string(rank) + " " + std::to_string(size) + " " + *found;
  } else {
    line += found.error().message;
  }
  std::puts(line.c_str());
  std::fflush(stdout);
  return found ? 0 : 1;
}

std::uint32_t number(const char* name) {
  return static_cast<std::uint32_t>(std::strtoul(variable(name).c_str(), nullptr, 10));
}

int probe_pmix() {
  const std::uint32_t rank = number("COX_RANK");
  // Open MPI would start as so many worlds of one without the last two.
  if (auto complete = require(
          {"PMIX_NAMESPACE", "PMIX_RANK", "PMIX_VERSION", "OMPI_MCA_ess", "OMPI_MCA_schizo"});
      !complete) {
    return tell(Failure(complete.error()), rank, 0);
  }
  const auto pmix = Pmix::load();
  if (!pmix) return tell(Failure(pmix.error()), rank, 0);
  PmixClient client(*pmix);
  const auto found = client.run();
  return tell(found, found ? client.rank() : rank, client.size());
}

int probe_pmi() {
  const std::uint32_t rank = number("COX_RANK");
  if (auto complete = require({"PMI_FD", "PMI_RANK", "PMI_SIZE"}); !complete) {
    return tell(Failure(complete.error()), rank, 0);
  }
  const std::uint32_t size = number("PMI_SIZE");
  PmiClient client;
  return tell(client.run(number("PMI_RANK"), size), number("PMI_RANK"), size);
}

}  // namespace

std::optional<std::string> release_of(const std::string& version) {
  std::size_t begin = 0;
  while (begin < version.size() && std::isdigit(static_cast<unsigned char>(version[begin])) == 0) {
    ++begin;
  }
  std::size_t end = begin;
  for (int dots = 0; end < version.size(); ++end) {
    if (version[end] == '.' && ++dots == 2) break;
    if (version[end] != '.' && std::isdigit(static_cast<unsigned char>(version[end])) == 0) break;
  }
  if (begin == end) return std::nullopt;
  return version.substr(begin, end - begin);
}

int probe_mpi(const std::string& server) {
  if (server == "pmix") return probe_pmix();
  if (server == "pmi1") return probe_pmi();
  std::fprintf(stderr, "coxstepd: --probe-mpi %s: pmix or pmi1\n", server.c_str());
  return 2;
}

}  // namespace cox::stepd
