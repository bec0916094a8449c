// [programs]: what nodes and the controller run around jobs, and for nodes to be well.
#include "config/reading.h"
#include "config/texts.h"

namespace cox::config {

std::vector<Key> program_keys(Reading& reading) {
  Reader& reader = reading.reader;
  ProgramSettings& programs = reading.config.settings.programs;
  const std::string at = "programs.";
  const Duration hour = minutes(60);
  return {
      {"programs",
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
            {"health_period",
             reader.span(at + "health_period", seconds(1), minutes(1440), &programs.health_period)},
            {"reboot", reader.checked(at + "reboot", &check_program, &programs.reboot)},
            {"reboot_timeout", reader.span(at + "reboot_timeout", seconds(1), minutes(1440),
                                           &programs.reboot_timeout)},
            {"controller_prolog",
             reader.checked(at + "controller_prolog", &check_program, &programs.controller_prolog)},
            {"controller_epilog",
             reader.checked(at + "controller_epilog", &check_program, &programs.controller_epilog)},
            {"controller_prolog_timeout", reader.span(at + "controller_prolog_timeout", seconds(1),
                                                      hour, &programs.controller_prolog_timeout)},
            {"controller_epilog_timeout",
             reader.span(at + "controller_epilog_timeout", seconds(1), hour,
                         &programs.controller_epilog_timeout)}})}};
}

}  // namespace cox::config
