/* An MPI program that says where it is, and waits there for as long as somebody wants: before
 * MPI_Init, before its messages, before its output and before its end it makes DIR/at-PHASE-RANK,
 * and goes on once there is no DIR/hold-PHASE. Its output is numbered, so that what is lost, torn
 * or there twice can be told.
 * usage: phases DIR ROUNDS LINES */
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { path_max = 4096, look_us = 2000 };

static const char* directory;

static void pass(const char* phase) {
  char path[path_max];
  const char* rank = getenv("COX_RANK");
  snprintf(path, sizeof path, "%s/at-%s-%s", directory, phase, rank == NULL ? "none" : rank);
  const int made = open(path, O_WRONLY | O_CREAT, 0644);
  if (made < 0) exit(3);
  close(made);
  snprintf(path, sizeof path, "%s/hold-%s", directory, phase);
  while (access(path, F_OK) == 0) usleep(look_us);
}

/* Each hop adds one; all the way around, as often as it is asked for. */
static int go_around(int rounds, int rank, int size) {
  long long token = 0;
  for (int round = 0; round < rounds; ++round) {
    if (rank != 0) {
      MPI_Recv(&token, 1, MPI_LONG_LONG, rank - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    ++token;
    MPI_Send(&token, 1, MPI_LONG_LONG, (rank + 1) % size, 0, MPI_COMM_WORLD);
    if (rank == 0) {
      MPI_Recv(&token, 1, MPI_LONG_LONG, size - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
  }
  return rank != 0 || token == (long long)rounds * size;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  directory = argv[1];
  int rank = 0, size = 0;
  pass("init");
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const char* promised = getenv("COX_NTASKS");
  if (promised == NULL || atoi(promised) != size) return 4;
  pass("running");
  if (!go_around(atoi(argv[2]), rank, size)) return 5;
  pass("output");
  const int lines = atoi(argv[3]);
  for (int line = 1; line <= lines; ++line) {
    printf("rank %d line %d of %d\n", rank, line, lines);
    if (line % 16 == 0) fflush(stdout);
  }
  fflush(stdout);
  pass("ending");
  MPI_Finalize();
  return 0;
}
