/* An MPI program that checks what it does: a token travels around the ring of ranks and collects
 * every rank number, an all-reduce must agree with it, and no rank may find itself alone where the
 * step promised company. Prints one line per rank; exits 1 when anything is wrong. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank;
static int size;

/* One write per line, so that lines of several ranks do not mix. */
static void say(const char* text) {
  fputs(text, stdout);
  fflush(stdout);
}

static int wrong(const char* what, long long got, long long want) {
  fprintf(stderr, "rank %d: %s is %lld, not %lld\n", rank, what, got, want);
  return 1;
}

/* Rank 0 starts the token with 0; each rank adds its number and passes it on. Rank 0 gets it back
 * holding 0 + 1 + ... + (size - 1). */
static long long pass_token(void) {
  long long token = 0;
  const int next = (rank + 1) % size;
  const int previous = (rank + size - 1) % size;
  if (rank != 0) {
    MPI_Recv(&token, 1, MPI_LONG_LONG, previous, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    token += rank;
  }
  MPI_Send(&token, 1, MPI_LONG_LONG, next, 0, MPI_COMM_WORLD);
  if (rank == 0) {
    MPI_Recv(&token, 1, MPI_LONG_LONG, previous, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  }
  MPI_Bcast(&token, 1, MPI_LONG_LONG, 0, MPI_COMM_WORLD);
  return token;
}

static int check(const char* promised) {
  const long long want = (long long)size * (size - 1) / 2;
  int bad = 0;
  if (promised != NULL && atoi(promised) != size) {
    bad |= wrong("the size of MPI_COMM_WORLD", size, atoi(promised));
  }
  const long long token = size > 1 ? pass_token() : 0;
  if (token != want) bad |= wrong("the token", token, want);
  long long mine = rank;
  long long sum = -1;
  MPI_Allreduce(&mine, &sum, 1, MPI_LONG_LONG, MPI_SUM, MPI_COMM_WORLD);
  if (sum != want) bad |= wrong("the sum of all ranks", sum, want);
  return bad;
}

int main(int argc, char** argv) {
  /* Under mpirun the variables are those of the step that started mpirun's daemons. */
  const char* promised = getenv("OMPI_COMM_WORLD_SIZE") ? NULL : getenv("COX_NTASKS");
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);

  char node[MPI_MAX_PROCESSOR_NAME + 1];
  int length = 0;
  MPI_Get_processor_name(node, &length);
  node[length] = '\0';
  char line[MPI_MAX_PROCESSOR_NAME + 100];
  snprintf(line, sizeof line, "rank %d of %d on %s\n", rank, size, node);
  say(line);

  const int bad = check(promised);
  int any_bad = 1;
  MPI_Allreduce(&bad, &any_bad, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  if (rank == 0 && !any_bad) {
    snprintf(line, sizeof line, "ring of %d ranks: token and sum are right\n", size);
    say(line);
  }
  MPI_Finalize();
  return any_bad ? 1 : 0;
}
