/* An MPI program that is done with MPI_Init: rank 0 tells how many they are, and the wall clock (ns)
 * at which all of them were there. */
#include <mpi.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  int size = 0, rank = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) {
    printf("%d %lld\n", size, (long long)now.tv_sec * 1000000000LL + now.tv_nsec);
  }
  MPI_Finalize();
  return 0;
}
