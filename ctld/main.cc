// coxctld: options, configuration, and the daemon. man/coxctld.8 is the specification.

#include "ctld/options.h"

int main(int argc, char** argv) {
  return cox::ctld::run_program(argc, argv);
}
