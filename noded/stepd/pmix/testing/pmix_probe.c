/* A client of the PMIx server without MPI: puts one value, meets the others in fences of several
 * sets, reads their values with and without a collecting fence, aborts or dies when told to.
 * Usage: pmix_probe fence | modex | abort RANK STATUS | die RANK STATUS. Exits 0 when all is right.
 */
#include <pmix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pmix_proc_t me;
static uint32_t size;

static int wrong(const char* what, pmix_status_t status) {
  fprintf(stderr, "rank %u: %s: %s\n", me.rank, what, PMIx_Error_string(status));
  return 1;
}

static int read_size(void) {
  pmix_proc_t job = me;
  job.rank = PMIX_RANK_WILDCARD;
  pmix_value_t* value = NULL;
  const pmix_status_t status = PMIx_Get(&job, PMIX_JOB_SIZE, NULL, 0, &value);
  if (status != PMIX_SUCCESS) return wrong("job size", status);
  size = value->data.uint32;
  PMIX_VALUE_RELEASE(value);
  return 0;
}

static int put_mine(void) {
  pmix_value_t value;
  value.type = PMIX_UINT32;
  value.data.uint32 = 1000 + me.rank;
  pmix_status_t status = PMIx_Put(PMIX_GLOBAL, "probe", &value);
  if (status == PMIX_SUCCESS) status = PMIx_Commit();
  return status == PMIX_SUCCESS ? 0 : wrong("put", status);
}

static int get_of(uint32_t rank) {
  pmix_proc_t peer = me;
  peer.rank = rank;
  pmix_value_t* value = NULL;
  const pmix_status_t status = PMIx_Get(&peer, "probe", NULL, 0, &value);
  if (status != PMIX_SUCCESS) {
    fprintf(stderr, "rank %u asked for rank %u\n", me.rank, rank);
    return wrong("get", status);
  }
  const int bad = value->data.uint32 != 1000 + rank;
  PMIX_VALUE_RELEASE(value);
  return bad ? wrong("value of a peer", PMIX_ERR_BAD_PARAM) : 0;
}

/* Ranks first, first + step, ...: with step 1 the whole job by number, with 0 by wildcard. */
static int fence(uint32_t first, uint32_t step, int collect) {
  pmix_proc_t* procs = calloc(size, sizeof *procs);
  size_t count = 0;
  if (step == 0) {
    procs[count] = me;
    procs[count++].rank = PMIX_RANK_WILDCARD;
  }
  for (uint32_t rank = first; step != 0 && rank < size; rank += step) {
    procs[count] = me;
    procs[count++].rank = rank;
  }
  bool yes = collect != 0;
  pmix_info_t info;
  memset(&info, 0, sizeof info);
  PMIx_Info_load(&info, PMIX_COLLECT_DATA, &yes, PMIX_BOOL);
  const pmix_status_t status = PMIx_Fence(procs, count, &info, 1);
  free(procs);
  return status == PMIX_SUCCESS ? 0 : wrong("fence", status);
}

static int try_fences(void) {
  const uint32_t parity = me.rank % 2;
  if (fence(parity, 2, 1)) return 1; /* both halves at the same time */
  for (uint32_t rank = parity; rank < size; rank += 2) {
    if (get_of(rank)) return 1;
  }
  for (int round = 0; round < 20; ++round) {
    if (fence(parity, 2, 0) || fence(0, 1, 0)) return 1;
  }
  return fence(0, 0, 1) || get_of((me.rank + 1) % size);
}

/* The first rank asks for the last before it is sure that the last has put its value. */
static int try_modex(void) {
  if (me.rank == 0 && get_of(size - 1)) return 1;
  if (fence(0, 0, 0)) return 1;
  for (uint32_t rank = 0; rank < size; ++rank) {
    if (get_of(rank)) return 1;
  }
  return 0;
}

int main(int argc, char** argv) {
  pmix_status_t status = PMIx_Init(&me, NULL, 0);
  if (status != PMIX_SUCCESS) return wrong("init", status);
  if (argc < 2 || read_size() || put_mine()) return 1;
  const int is_chosen = argc == 4 && me.rank == (uint32_t)atoi(argv[2]);
  int bad = 0;
  if (strcmp(argv[1], "fence") == 0) bad = try_fences();
  if (strcmp(argv[1], "modex") == 0) bad = try_modex();
  if (strcmp(argv[1], "abort") == 0 && is_chosen) {
    PMIx_Abort(atoi(argv[3]), "told to abort", NULL, 0);
    _exit(atoi(argv[3]));
  }
  if (strcmp(argv[1], "die") == 0 && is_chosen) _exit(atoi(argv[3]));
  if (!bad) bad = fence(0, 0, 0);
  status = PMIx_Finalize(NULL, 0);
  return bad || status != PMIX_SUCCESS;
}
