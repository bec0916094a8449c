// The dynamic section of an ELF file, read without trusting any number in it.
#include "noded/stepd/program.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "common/text.h"
#include "noded/stepd/as_user.h"
#include "noded/stepd/environment.h"
#include "platform/descriptor.h"

namespace cox::stepd {
namespace {

constexpr std::size_t entries_max = 4096;
constexpr std::size_t names_bytes_max = std::size_t{4} << 20;

template <class T>
std::vector<T> table_at(const ReadAt& read, std::uint64_t offset, std::size_t count) {
  const std::string bytes = read(offset, count * sizeof(T));
  std::vector<T> table(bytes.size() / sizeof(T));
  if (!table.empty()) {
    std::memcpy(table.data(), bytes.data(), table.size() * sizeof(T));
  }
  return table;
}

// Where an address of the loaded program lies in the file.
std::optional<std::uint64_t> file_offset(const std::vector<Elf64_Phdr>& all,
                                         std::uint64_t address) {
  for (const Elf64_Phdr& segment : all) {
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz) {
      return segment.p_offset + (address - segment.p_vaddr);
    }
  }
  return std::nullopt;
}

std::vector<Elf64_Dyn> dynamic_entries(const ReadAt& read, const Elf64_Phdr& dynamic) {
  auto entries = table_at<Elf64_Dyn>(
      read, dynamic.p_offset,
      std::min<std::uint64_t>(dynamic.p_filesz / sizeof(Elf64_Dyn), entries_max));
  const auto end = std::find_if(entries.begin(), entries.end(),
                                [](const Elf64_Dyn& e) { return e.d_tag == DT_NULL; });
  entries.erase(end, entries.end());
  return entries;
}

std::optional<std::uint64_t> value_of(const std::vector<Elf64_Dyn>& entries, Elf64_Sxword tag) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Elf64_Dyn& e) { return e.d_tag == tag; });
  return found == entries.end() ? std::nullopt : std::optional(found->d_un.d_val);
}

bool is_readable_elf(const Elf64_Ehdr& header) {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
         header.e_phentsize == sizeof(Elf64_Phdr);
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

Result<std::vector<std::string>> needed_of_file(const std::string& path) {
  const platform::Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) {
    return fail(Code::not_found, "cannot read " + path);
  }
  return needed_libraries([&](std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t got = ::pread(fd.get(), bytes.data(), size, static_cast<off_t>(offset));
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  });
}

}  // namespace

Result<std::vector<std::string>> needed_libraries(const ReadAt& read) {
  const auto header = table_at<Elf64_Ehdr>(read, 0, 1);
  if (header.empty() || !is_readable_elf(header[0])) {
    return fail(Code::bad_usage, "not a 64-bit little-endian elf file");
  }
  const auto all = table_at<Elf64_Phdr>(read, header[0].e_phoff, header[0].e_phnum);
  const auto dynamic = std::find_if(all.begin(), all.end(),
                                    [](const Elf64_Phdr& s) { return s.p_type == PT_DYNAMIC; });
  if (dynamic == all.end()) {
    return fail(Code::bad_usage, "no dynamic section");
  }
  const auto entries = dynamic_entries(read, *dynamic);
  const auto address = value_of(entries, DT_STRTAB);
  const auto offset = address ? file_offset(all, *address) : std::nullopt;
  if (!offset) {
    return fail(Code::bad_usage, "no table of names");
  }
  const std::string names = read(
      *offset, std::min<std::uint64_t>(value_of(entries, DT_STRSZ).value_or(0), names_bytes_max));
  std::vector<std::string> needed;
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NEEDED && entry.d_un.d_val < names.size()) {
      const std::size_t start = entry.d_un.d_val;
      needed.push_back(names.substr(start, names.find('\0', start) - start));
    }
  }
  return needed;
}

ProgramKind inspect_program(const StepPlan& plan,
                            const std::string& program,
                            const std::vector<std::string>& environment) {
  ProgramKind kind;
  const auto as_user = AsUser::enter(plan.job.common->user, plan.job.common->umask);
  if (!as_user) {
    return kind;
  }
  const std::string path = resolve(plan, program, environment);
  const auto needed = needed_of_file(path);
  if (path.empty() || !needed) {
    return kind;
  }
  constexpr std::array<std::string_view, 5> mpi = {"libmpi.so", "libmpi_mpifh.so", "libmpi_usempi",
                                                   "libmpich.so", "liboshmem.so"};
  for (const std::string& library : *needed) {
    kind.links_mpi |= std::any_of(mpi.begin(), mpi.end(), [&](std::string_view prefix) {
      return library.starts_with(prefix);
    });
    kind.uses_mpi |= kind.links_mpi || library.starts_with("libpmi");
  }
  return kind;
}

}  // namespace cox::stepd
