// The schema of history.db, version by version. docs/history.md describes it to those who query it;
// testsuite/golden/history holds what each version looks like.
#pragma once

#include <cstdint>

namespace cox::ctld {

/// PRAGMA user_version, and the table `schema`.
inline constexpr std::uint64_t history_schema_version = 5;

/// Statements that make an empty file version 1, and those that make each version of the one
/// before.
extern const char* const history_schema_1;
extern const char* const history_schema_2;
extern const char* const history_schema_3;
extern const char* const history_schema_4;
extern const char* const history_schema_5;

}  // namespace cox::ctld
