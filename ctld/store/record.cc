// Framing of journal records, little-endian whatever the machine.
#include "ctld/store/record.h"

#include <array>
#include <cstring>

namespace cox::ctld {

namespace {

constexpr std::uint32_t polynomial = 0x82F63B78U;  // Castagnoli, reflected
constexpr std::size_t header_bytes = 8;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) != 0 ? polynomial : 0U);
    table[i] = value;
  }
  return table;
}

constexpr auto table = make_table();

std::uint32_t sum_by_table(std::uint32_t value, std::string_view bytes) {
  for (const char byte : bytes) {
    value = table[(value ^ static_cast<unsigned char>(byte)) & 0xFFU] ^ (value >> 8);
  }
  return value;
}

#if defined(__x86_64__)
/// Eight bytes at a time; a restart reads hundreds of megabytes.
__attribute__((target("sse4.2"))) std::uint32_t sum_by_instruction(std::uint32_t value,
                                                                   std::string_view bytes) {
  std::uint64_t wide = value;
  for (; bytes.size() >= sizeof wide; bytes.remove_prefix(sizeof wide)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  value = static_cast<std::uint32_t>(wide);
  for (const char byte : bytes) {
    value = __builtin_ia32_crc32qi(value, static_cast<unsigned char>(byte));
  }
  return value;
}
#endif

void put_u32(std::uint32_t value, std::string* out) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<char>(value >> shift));
}

std::uint32_t get_u32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

Failure damaged(std::size_t record, const char* how) {
  return fail(Code::internal, "record " + std::to_string(record) + " of the batch " + how);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~sum_by_instruction(~0U, bytes);
#endif
  return ~sum_by_table(~0U, bytes);
}

void append_record(std::string_view record, std::string* body) {
  put_u32(static_cast<std::uint32_t>(record.size()), body);
  put_u32(crc32c(record), body);
  body->append(record);
}

Result<void> for_each_record(std::string_view body,
                             const std::function<Result<void>(std::string_view)>& visit) {
  for (std::size_t number = 0; !body.empty(); ++number) {
    if (body.size() < header_bytes) return damaged(number, "is cut off");
    const std::uint32_t length = get_u32(body);
    const std::uint32_t sum = get_u32(body.substr(4));
    body.remove_prefix(header_bytes);
    if (length > record_bytes_max || length > body.size()) return damaged(number, "is cut off");
    const std::string_view record = body.substr(0, length);
    if (crc32c(record) != sum) return damaged(number, "fails its checksum");
    if (auto visited = visit(record); !visited) return visited;
    body.remove_prefix(length);
  }
  return {};
}

Result<void> for_each_record_left(
    std::string_view body,
    std::uint32_t count,
    const std::function<Result<void>(std::string_view, bool is_whole)>& visit) {
  for (std::uint32_t number = 0; number < count; ++number) {
    std::string_view record;
    bool is_whole = false;
    if (body.size() >= header_bytes) {
      const std::uint32_t length = get_u32(body);
      const std::uint32_t sum = get_u32(body.substr(4));
      // A length that cannot be true says nothing about where the next record begins.
      const bool is_framed = length <= record_bytes_max && length <= body.size() - header_bytes;
      record = is_framed ? body.substr(header_bytes, length) : std::string_view{};
      body = is_framed ? body.substr(header_bytes + length) : std::string_view{};
      is_whole = is_framed && crc32c(record) == sum;
    }
    if (auto visited = visit(record, is_whole); !visited) return visited;
  }
  return {};
}

}  // namespace cox::ctld
