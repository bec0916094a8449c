// coxctld: options, configuration, and the daemon.

#include "ctld/options.h"

int main(int argc, char** argv) {
  return cox::ctld::run_program(argc, argv);
}
