// Headers, segments, dynamic entries: tables at offsets that the file names.
#include "noded/stepd/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "common/text.h"

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

}  // namespace

Result<ElfNeeds> elf_needs(const ReadAt& read) {
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
  const auto text_at = [&](std::size_t start) {
    return start < names.size() ? names.substr(start, names.find('\0', start) - start)
                                : std::string();
  };
  ElfNeeds needs;
  for (const Elf64_Dyn& entry : entries) {
    const std::string text = text_at(entry.d_un.d_val);
    if (entry.d_tag == DT_NEEDED && !text.empty()) {
      needs.libraries.push_back(text);
    } else if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) {
      auto& places = entry.d_tag == DT_RPATH ? needs.rpath : needs.runpath;
      for (const std::string_view place : split(text, ':')) {
        places.emplace_back(place);
      }
    }
  }
  if (!needs.runpath.empty()) {
    needs.rpath.clear();
  }
  return needs;
}

}  // namespace cox::stepd
