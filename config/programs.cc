// [programs]: what nodes run around jobs, and to see whether they are well.
#include "config/reading.h"
#include "config/texts.h"

namespace cox::config {

std::vector<Key> program_keys(Reading& reading) {
  Reader& reader = reading.reader;
  ProgramSettings& programs = reading.config.settings.programs;
  const std::string at = "programs.";
  const Duration hour = minutes(60);
  return {{"programs",
           reader.table(
               "programs",
               {{"prolog", reader.checked(at + "prolog", &check_program, &programs.prolog)},
                {"epilog", reader.checked(at + "epilog", &check_program, &programs.epilog)},
                {"health", reader.checked(at + "health", &check_program, &programs.health)},
                {"prolog_timeout",
                 reader.span(at + "prolog_timeout", seconds(1), hour, &programs.prolog_timeout)},
                {"epilog_timeout",
                 reader.span(at + "epilog_timeout", seconds(1), hour, &programs.epilog_timeout)},
                {"health_timeout",
                 reader.span(at + "health_timeout", seconds(1), hour, &programs.health_timeout)},
                {"health_period", reader.span(at + "health_period", seconds(1), minutes(1440),
                                              &programs.health_period)}})}};
}

}  // namespace cox::config
