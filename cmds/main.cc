// cox: finds the chosen command in the table and runs it.
#include <cstdlib>
#include <string>
#include <vector>

#include "cmds/client/dispatch.h"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  return cox::cmds::dispatch(words);
}
