/* A program of PMI-2 alone, over the client library of Slurm: each rank puts a word, fences, and
 * reads those of all ranks; and the ranks of a node meet by an attribute of it. */
#include <slurm/pmi2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const char* what, int code) {
  fprintf(stderr, "%s failed: %d\n", what, code);
  return 1;
}

static int check_words(const char* job, int rank, int size) {
  for (int of = 0; of < size; ++of) {
    char key[64];
    char want[64];
    char got[PMI2_MAX_VALLEN];
    int length = 0;
    snprintf(key, sizeof key, "word-%d", of);
    snprintf(want, sizeof want, "of rank %d; and no other", of);
    const int code = PMI2_KVS_Get(job, of, key, got, sizeof got, &length);
    if (code != PMI2_SUCCESS) return failed("PMI2_KVS_Get", code);
    if (strcmp(got, want) != 0) {
      fprintf(stderr, "rank %d: %s is \"%s\"\n", rank, key, got);
      return 1;
    }
  }
  return 0;
}

int main(void) {
  int spawned;
  int size;
  int rank;
  int appnum;
  int code = PMI2_Init(&spawned, &size, &rank, &appnum);
  if (code != PMI2_SUCCESS) return failed("PMI2_Init", code);
  char job[PMI2_MAX_VALLEN];
  code = PMI2_Job_GetId(job, sizeof job);
  if (code != PMI2_SUCCESS) return failed("PMI2_Job_GetId", code);

  char key[64];
  char word[64];
  snprintf(key, sizeof key, "word-%d", rank);
  snprintf(word, sizeof word, "of rank %d; and no other", rank);
  code = PMI2_KVS_Put(key, word);
  if (code != PMI2_SUCCESS) return failed("PMI2_KVS_Put", code);
  for (int round = 0; round < 3; ++round) {
    code = PMI2_KVS_Fence();
    if (code != PMI2_SUCCESS) return failed("PMI2_KVS_Fence", code);
  }
  if (check_words(job, rank, size) != 0) return 1;

  if (getenv("COX_LOCAL_RANK") != NULL && strcmp(getenv("COX_LOCAL_RANK"), "0") == 0) {
    code = PMI2_Info_PutNodeAttr("leader", "here");
    if (code != PMI2_SUCCESS) return failed("PMI2_Info_PutNodeAttr", code);
  }
  char leader[PMI2_MAX_VALLEN] = "";
  int found = 0;
  code = PMI2_Info_GetNodeAttr("leader", leader, sizeof leader, &found, 1);
  if (code != PMI2_SUCCESS || !found) return failed("PMI2_Info_GetNodeAttr", code);

  char mapping[PMI2_MAX_VALLEN] = "";
  code = PMI2_Info_GetJobAttr("PMI_process_mapping", mapping, sizeof mapping, &found);
  if (code != PMI2_SUCCESS || !found) return failed("PMI2_Info_GetJobAttr", code);
  printf("rank %d of %d: words are right, %s\n", rank, size, mapping);
  fflush(stdout);
  PMI2_Finalize();
  return 0;
}
