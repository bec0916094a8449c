// A list in which nothing is as its options choose: a person is told so, in one line.
#pragma once

#include <initializer_list>
#include <string_view>

#include "cmds/client/parse.h"
#include "cmds/client/session.h"
#include "common/result.h"

namespace cox::cmds {

/// The line on stderr, "no job matches --label app=cfd", where one of `choosing` was given.
/// Programs, which ask for a document or for no header, are told nothing: the list is empty.
void note_nothing(const Parsed& given,
                  std::string_view what,
                  std::initializer_list<std::string_view> choosing);

/// Each partition that --partition names; where something was found in the only one, it is there.
/// error: not_found for one that is not
Result<void> check_partitions(const Parsed& given, Session& session, bool is_any_found);

}  // namespace cox::cmds
