/* Writes numbered lines of 1,000 bytes to standard output, as many MB of them as it is told, with
 * several lines to a write as programs with stdio do. usage: line_writer MB */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { line_bytes = 1000, number_digits = 8 };

int main(int argc, char** argv) {
  const long lines = (argc > 1 ? atol(argv[1]) : 1) * 1000;
  static char buffer[1 << 16];
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  char line[line_bytes + 1];
  memset(line, 'x', sizeof line);
  line[number_digits] = ' ';
  line[line_bytes - 1] = '\n';
  for (long number = 0; number < lines; ++number) {
    char digits[32];
    snprintf(digits, sizeof digits, "%08ld", number);
    memcpy(line, digits, number_digits);
    if (fwrite(line, 1, line_bytes, stdout) != line_bytes) return 1;
  }
  return fflush(stdout) != 0;
}
