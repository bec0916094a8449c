// Setters of the options that say when a job may begin, and what happens at its end.
#pragma once

#include "cmds/client/request_setters.h"

namespace cox::cmds {

Result<void> set_dependency(const Given& given, RequestDraft& draft);
Result<void> set_kill_on_invalid(const Given& given, RequestDraft& draft);
Result<void> set_deadline(const Given& given, RequestDraft& draft);
Result<void> set_signal(const Given& given, RequestDraft& draft);
Result<void> set_retry(const Given& given, RequestDraft& draft);

/// "yes" or "no". error: bad_usage names the option
Result<bool> yes_or_no(const Given& given);

}  // namespace cox::cmds
