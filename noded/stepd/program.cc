// Finding the file, and telling its kind by names of libraries.
#include "noded/stepd/program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

#include "common/text.h"
#include "noded/stepd/as_user.h"
#include "noded/stepd/environment.h"
#include "noded/stepd/loader.h"
#include "platform/descriptor.h"
#include "platform/file.h"

namespace cox::stepd {
namespace {

constexpr const char* loader_cache_path = "/etc/ld.so.cache";
constexpr std::size_t loader_cache_bytes_max = std::size_t{16} << 20;

template <std::size_t N>
bool starts_with_any(std::string_view name, const std::array<std::string_view, N>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// Of Open MPI alone. Its libmpi.so.12 of ten years ago has the name that MPICH and those who keep
/// to its ABI use now; what that one needs tells them apart.
constexpr std::array<std::string_view, 6> open_mpi_names = {"libmpi_mpifh.so", "libmpi_usempi",
                                                            "liboshmem.so",    "libopen-rte.so",
                                                            "libopen-pal.so",  "libmpi_cxx.so"};
constexpr std::array<std::string_view, 8> mpich_names = {
    "libmpich.so",   "libmpichcxx.so", "libmpichfort.so", "libmpicxx.so",
    "libmpifort.so", "libmpi_cray",    "libmpi_gnu",      "libmpi_intel"};
constexpr std::string_view shared_name = "libmpi.so";
// Versions behind the name, as in python3.11, are left out.
constexpr std::array<std::string_view, 37> others_starters = {
    "sh",      "bash",    "dash",    "zsh",       "ksh",        "csh",    "tcsh",   "fish",
    "busybox", "python",  "perl",    "ruby",      "Rscript",    "R",      "julia",  "node",
    "lua",     "time",    "nice",    "numactl",   "taskset",    "strace", "gdb",    "valgrind",
    "env",     "timeout", "setsid",  "nohup",     "stdbuf",     "chrt",   "ionice", "xargs",
    "setpriv", "unshare", "prlimit", "apptainer", "singularity"};

// Programs that become the one behind them.
constexpr std::array<std::string_view, 13> put_before = {
    "env",   "nice",   "time", "timeout", "numactl", "taskset", "setsid",
    "nohup", "stdbuf", "chrt", "ionice",  "setpriv", "prlimit"};

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_mpi(std::string_view name) {
  return name.starts_with(shared_name) || starts_with_any(name, open_mpi_names) ||
         starts_with_any(name, mpich_names);
}

/// libmpi.so.40 is Open MPI's; 12 and none are anybody's.
bool is_open_mpi_version(std::string_view name) {
  if (!name.starts_with(shared_name)) {
    return false;
  }
  name.remove_prefix(shared_name.size());
  const auto version =
      name.starts_with('.') ? parse_u64(name.substr(1, name.find('.', 1) - 1)) : std::nullopt;
  return version && *version >= 20;
}

const std::string* first_that(const std::vector<std::string>& names,
                              const std::function<bool(std::string_view)>& fits) {
  const auto found = std::find_if(names.begin(), names.end(), fits);
  return found == names.end() ? nullptr : &*found;
}

const std::string* first_with(const std::vector<std::string>& names, std::string_view prefix) {
  return first_that(names, [&](std::string_view name) { return name.starts_with(prefix); });
}

// The file execve would take; the first on PATH that may be executed.
std::string resolve(const StepPlan& plan,
                    const std::string& program,
                    const std::vector<std::string>& environment) {
  if (program.find('/') != std::string::npos) {
    return program.front() == '/' ? program : plan.directory + "/" + program;
  }
  const char* path = find_variable(environment, "PATH");
  for (const std::string_view entry : split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    std::string candidate = entry.empty() ? plan.directory : std::string(entry);
    if (candidate.front() != '/') {
      candidate = plan.directory + "/" + candidate;
    }
    candidate += "/" + program;

    struct stat status {};

    if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_mode & 0111U) != 0) {
      return candidate;
    }
  }
  return {};
}

Result<ElfNeeds> needs_of_file(const std::string& path) {
  const platform::Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));

  struct stat status {};

  if (!fd.is_open() || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(Code::not_found, "cannot read " + path);
  }
  return elf_needs([&](std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t got = ::pread(fd.get(), bytes.data(), size, static_cast<off_t>(offset));
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  });
}

std::vector<std::string> list_in(const std::vector<std::string>& environment,
                                 const std::string& name,
                                 const std::string& separators) {
  const char* value = find_variable(environment, name);
  std::string text = value == nullptr ? "" : value;
  for (char& c : text) {
    c = separators.find(c) == std::string::npos ? c : ':';
  }
  std::vector<std::string> out;
  for (const std::string_view part : split(text, ':')) {
    if (!part.empty()) {
      out.emplace_back(part);
    }
  }
  return out;
}

LoaderSetup loader_setup(const std::vector<std::string>& environment) {
  LoaderSetup setup;
  setup.library_path = list_in(environment, "LD_LIBRARY_PATH", ":;");
  setup.preloaded = list_in(environment, "LD_PRELOAD", ": ");
  setup.cache =
      LoaderCache(platform::read_file(loader_cache_path, loader_cache_bytes_max).value_or(""));
  return setup;
}

bool is_executable(const std::string& path) {
  struct stat status {};

  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

/// The file that is looked at: behind `env`, `nice` and their like the first word that names one.
/// Their options and what belongs to those rarely do.
std::string file_of(const StepPlan& plan,
                    const std::vector<std::string>& argv,
                    const std::vector<std::string>& environment) {
  std::string path = resolve(plan, argv.front(), environment);
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (std::ranges::find(put_before, file_name(path)) == put_before.end()) break;
    if (argv[i].empty() || argv[i].front() == '-') continue;
    const std::string behind = resolve(plan, argv[i], environment);
    if (is_executable(behind)) path = behind;
  }
  return path;
}

}  // namespace

bool starts_others(std::string_view path) {
  std::string_view name = file_name(path);
  name = name.substr(0, name.find_last_not_of("0123456789.") + 1);
  return std::ranges::find(others_starters, name) != others_starters.end();
}

ProgramKind kind_of(const std::vector<std::string>& own, const std::vector<std::string>& all) {
  ProgramKind kind;
  kind.is_elf = true;
  kind.is_open = !own.empty();
  kind.links_mpi = std::any_of(own.begin(), own.end(), is_mpi);
  const auto is = [&](MpiFamily family, const std::string* library) {
    kind.family = family;
    kind.library = *library;
    return kind;
  };
  const std::string* mpi = first_that(all, is_mpi);
  const bool is_open = first_that(all, [](std::string_view name) {
                         return is_open_mpi_version(name) || starts_with_any(name, open_mpi_names);
                       }) != nullptr;
  if (mpi != nullptr && is_open) {
    return is(MpiFamily::open_mpi, mpi);
  }
  // MPICH may be built to speak through one of these, and then only that one knows how.
  if (const std::string* pmix = first_with(all, "libpmix.so")) {
    return is(MpiFamily::pmix, pmix);
  }
  if (const std::string* pmi2 = first_with(all, "libpmi2.so")) {
    return is(MpiFamily::pmi2, pmi2);
  }
  if (mpi != nullptr) {
    return is(MpiFamily::mpich, mpi);
  }
  if (const std::string* pmi1 = first_with(all, "libpmi.so")) {
    return is(MpiFamily::pmi1, pmi1);
  }
  return kind;
}

ProgramKind inspect_program(const StepPlan& plan,
                            const std::vector<std::string>& argv,
                            const std::vector<std::string>& environment) {
  const auto as_user = AsUser::enter(plan.job.common->user, plan.job.common->umask);
  if (!as_user) {
    return {};
  }
  const std::string path = file_of(plan, argv, environment);
  if (path.empty()) {
    return {};
  }
  const auto needs = needs_of_file(path);
  if (!needs) {
    return {};
  }
  ProgramKind kind = kind_of(
      needs->libraries, loaded_libraries(path, *needs, loader_setup(environment), needs_of_file));
  // A word may have been taken for the program that is none: only what is found is believed.
  const bool is_behind = path != resolve(plan, argv.front(), environment);
  kind.runs_others = starts_others(path) || (is_behind && kind.family == MpiFamily::none);
  return kind;
}

}  // namespace cox::stepd
