/* An MPI program that checks what it does: every rank sends every other one a block that names both,
 * in sizes small and large, and each checks all that it got. Rank 0 says so once; exits 1 when
 * anything is wrong. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static const int sizes[] = {1, 64, 4096, 65536};

/* What `from` sends to `to` at place `at`. */
static int element(int from, int to, int at) {
  return from * 1000003 + to * 1009 + at;
}

static int exchange(int rank, int size, int count) {
  int* sent = malloc((size_t)size * count * sizeof *sent);
  int* got = malloc((size_t)size * count * sizeof *got);
  int bad = sent == NULL || got == NULL;
  for (int to = 0; !bad && to < size; ++to) {
    for (int at = 0; at < count; ++at) sent[to * count + at] = element(rank, to, at);
  }
  if (!bad) MPI_Alltoall(sent, count, MPI_INT, got, count, MPI_INT, MPI_COMM_WORLD);
  for (int from = 0; !bad && from < size; ++from) {
    for (int at = 0; at < count; ++at) {
      bad |= got[from * count + at] != element(from, rank, at);
    }
  }
  free(sent);
  free(got);
  return bad;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank;
  int size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const char* promised = getenv("COX_NTASKS");
  int bad = promised != NULL && atoi(promised) != size;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) bad |= exchange(rank, size, sizes[i]);
  int any_bad = 1;
  MPI_Allreduce(&bad, &any_bad, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  if (rank == 0) printf("all to all of %d ranks: %s\n", size, any_bad ? "wrong" : "right");
  MPI_Finalize();
  return any_bad ? 1 : 0;
}
