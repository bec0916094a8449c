/* Preloaded into coxctld by tests: passes its calls on and writes down, in the order in which they
   happen, what arrives, what is written to the journal's log, its syncs, and what is sent.
   COX_PROBE_LOG names the file. COX_PROBE_PLANT=skip leaves syncs out, as synchronous = OFF does;
   =late makes them only when something is written again, so that replies leave too early. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testsuite/kills/sync_events.h"

static struct probe_log* probe;
static atomic_uchar written[PROBE_MARKERS_MAX];

static enum { PLANT_NOTHING, PLANT_SKIP, PLANT_LATE } plant;

static int late_fd = -1; /* the store's thread alone writes and syncs the log */

static void note(enum probe_kind kind, int fd, uint64_t number) {
  if (probe == NULL) return;
  const uint64_t place = __atomic_fetch_add(&probe->taken, 1, __ATOMIC_SEQ_CST);
  if (place >= probe->room) return;
  struct probe_event* event = probe_events(probe) + place;
  event->fd = fd;
  event->number = number;
  __atomic_store_n(&event->kind, kind, __ATOMIC_SEQ_CST);
}

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("COX_PROBE_LOG");
  const char* planted = getenv("COX_PROBE_PLANT");
  if (path == NULL || strcmp(program_invocation_short_name, "coxctld") != 0) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  struct stat what;
  if (fd < 0 || fstat(fd, &what) != 0) {
    perror(path);
    _exit(127);
  }
  void* mapped = mmap(NULL, (size_t)what.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) {
    perror(path);
    _exit(127);
  }
  probe = mapped;
  if (planted != NULL && strcmp(planted, "skip") == 0) plant = PLANT_SKIP;
  if (planted != NULL && strcmp(planted, "late") == 0) plant = PLANT_LATE;
  note(PROBE_START, -1, (uint64_t)getpid());
}

/* The marker at or behind `*from`, which moves behind it; PROBE_MARKERS_MAX when there is none. */
static uint64_t next_marker(const char** from, const char* end) {
  const size_t front = sizeof PROBE_MARKER - 1;
  for (;;) {
    const char* found = memmem(*from, (size_t)(end - *from), PROBE_MARKER, front);
    if (found == NULL || end - found < (ptrdiff_t)(front + PROBE_MARKER_DIGITS)) break;
    uint64_t number = 0;
    int digits = 0;
    for (const char* at = found + front; digits < PROBE_MARKER_DIGITS; ++at, ++digits) {
      if (*at < '0' || *at > '9') break;
      number = number * 10 + (uint64_t)(*at - '0');
    }
    *from = found + front;
    if (digits == PROBE_MARKER_DIGITS && number < PROBE_MARKERS_MAX) return number;
  }
  return PROBE_MARKERS_MAX;
}

static void note_markers(enum probe_kind kind, int fd, const char* bytes, size_t size) {
  const char* from = bytes;
  uint64_t last = PROBE_MARKERS_MAX;
  for (;;) {
    const uint64_t marker = next_marker(&from, bytes + size);
    if (marker == PROBE_MARKERS_MAX) return;
    if (marker == last) continue;
    last = marker;
    if (kind == PROBE_WRITE && atomic_exchange(&written[marker], 1) != 0) continue;
    note(kind, fd, marker);
  }
}

static int is_journal(int fd) {
  char link[64];
  char name[4096];
  const char ending[] = "/journal.db-wal";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, name, sizeof name);
  const ssize_t tail = (ssize_t)sizeof ending - 1;
  return size >= tail && memcmp(name + size - tail, ending, (size_t)tail) == 0;
}

typedef int (*sync_call)(int);

static int sync_journal(int fd, sync_call call) {
  note(PROBE_SYNC_BEGIN, fd, 0);
  const int result = call(fd);
  if (result == 0) note(PROBE_SYNC_END, fd, 0);
  return result;
}

static int synced(int fd, sync_call call) {
  if (probe == NULL || !is_journal(fd)) return call(fd);
  if (plant == PLANT_SKIP) return 0;
  if (plant == PLANT_NOTHING) return sync_journal(fd, call);
  late_fd = fd;
  return 0;
}

int fdatasync(int fd) {
  return synced(fd, (sync_call)dlsym(RTLD_NEXT, "fdatasync"));
}

int fsync(int fd) {
  return synced(fd, (sync_call)dlsym(RTLD_NEXT, "fsync"));
}

typedef ssize_t (*pwrite_call)(int, const void*, size_t, off_t);

static ssize_t write_at(int fd, const void* bytes, size_t size, off_t at, pwrite_call call) {
  if (probe == NULL || !is_journal(fd)) return call(fd, bytes, size, at);
  if (late_fd == fd) {
    sync_journal(fd, (sync_call)dlsym(RTLD_NEXT, "fdatasync"));
    late_fd = -1;
  }
  const ssize_t count = call(fd, bytes, size, at);
  const int error = errno;
  if (count > 0) note_markers(PROBE_WRITE, fd, bytes, (size_t)count);
  errno = error;
  return count;
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  return write_at(fd, bytes, size, at, (pwrite_call)dlsym(RTLD_NEXT, "pwrite"));
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  return write_at(fd, bytes, size, at, (pwrite_call)dlsym(RTLD_NEXT, "pwrite64"));
}

ssize_t recv(int fd, void* bytes, size_t size, int flags) {
  ssize_t (*call)(int, void*, size_t, int) = dlsym(RTLD_NEXT, "recv");
  const ssize_t count = call(fd, bytes, size, flags);
  const int error = errno;
  if (probe != NULL && count > 0) note_markers(PROBE_REQUEST, fd, bytes, (size_t)count);
  errno = error;
  return count;
}

static const unsigned char* varint(const unsigned char* at,
                                   const unsigned char* end,
                                   uint64_t* out) {
  *out = 0;
  for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
    *out |= (uint64_t)(*at & 0x7FU) << shift;
    if ((*at++ & 0x80U) == 0) return at;
  }
  return NULL;
}

/* The job of a ClientReply that is a Submitted: number = 1, last = 2 or nothing, submitted = 5, in
   it job = 1; 0 for every other payload. */
static uint64_t submitted_job(const unsigned char* at, const unsigned char* end) {
  uint64_t number = 0;
  if (at == NULL || at >= end || *at != 0x08) return 0;
  at = varint(at + 1, end, &number);
  if (at != NULL && end - at >= 2 && at[0] == 0x10) at += 2;
  if (at == NULL || end - at < 4 || at[0] != 0x2A || at[2] != 0x08) return 0;
  return varint(at + 3, end, &number) == NULL ? 0 : number;
}

/* Frames of a stream without MACs; a write of the loop begins with one. */
static void note_replies(int fd, const unsigned char* bytes, size_t size) {
  const size_t head = 4;
  while (size >= head) {
    const size_t length =
        (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
    if (length > size - head) return;
    const uint64_t job = submitted_job(bytes + head, bytes + head + length);
    if (job != 0) note(PROBE_REPLY, fd, job);
    bytes += head + length;
    size -= head + length;
  }
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  ssize_t (*call)(int, const struct msghdr*, int) = dlsym(RTLD_NEXT, "sendmsg");
  for (size_t i = 0; probe != NULL && i < (size_t)message->msg_iovlen; ++i) {
    const struct iovec* piece = &message->msg_iov[i];
    note_replies(fd, piece->iov_base, piece->iov_len);
    note_markers(PROBE_NAMED, fd, piece->iov_base, piece->iov_len);
  }
  return call(fd, message, flags);
}
