/* Writes the wall clock (ns) into its place of a file again and again, so that others see when it runs
 * and when it stands still. The place is BASE plus the rank. usage: turn_ticker FILE BASE */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

enum { place_bytes = 64, pause_ns = 200 * 1000 };

int main(int argc, char** argv) {
  const char* rank = getenv("COX_RANK");
  if (argc != 3 || rank == NULL) return 2;
  const long place = atol(argv[2]) + atol(rank);
  const int fd = open(argv[1], O_RDWR);
  struct stat found;
  if (fd < 0 || place < 0 || fstat(fd, &found) != 0 ||
      found.st_size < (place + 1) * (long)place_bytes) {
    return 1;
  }
  char* file = mmap(NULL, (size_t)found.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (file == MAP_FAILED) return 1;
  volatile int64_t* tick = (volatile int64_t*)(file + place * place_bytes);
  for (;;) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *tick = (int64_t)now.tv_sec * 1000000000LL + now.tv_nsec;
    const struct timespec pause = {0, pause_ns};
    nanosleep(&pause, NULL);
  }
}
