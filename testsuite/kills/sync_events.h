/* What sync_probe.c writes into a mapped file, one event after the other, and sync_log.h reads: C
   and C++ share it. A job is known on all its ways by a marker in its name, "kills-" and eight
   digits. */
#ifndef COX_KILLS_SYNC_EVENTS_H
#define COX_KILLS_SYNC_EVENTS_H

#include <stdint.h>

#define PROBE_MARKER "kills-"
#define PROBE_MARKER_DIGITS 8
#define PROBE_MARKERS_MAX (1U << 20)

/* Recorded when a call is over where it brings something, before it where it gives something away.
 */
enum probe_kind {
  PROBE_NOTHING = 0,    /* the process died between taking the place and filling it */
  PROBE_START = 1,      /* number: pid */
  PROBE_REQUEST = 2,    /* number: marker that arrived at fd */
  PROBE_WRITE = 3,      /* number: marker that this process wrote to the journal's log, once */
  PROBE_SYNC_BEGIN = 4, /* of the journal's log */
  PROBE_SYNC_END = 5,   /* and it succeeded */
  PROBE_REPLY = 6,      /* number: job in the Submitted that is about to be sent to fd */
  PROBE_NAMED = 7       /* number: marker in whatever is about to be sent to fd */
};

struct probe_event {
  uint32_t kind;
  int32_t fd;
  uint64_t number;
};

/* The events follow it in the file. */
struct probe_log {
  uint64_t taken; /* places; more than there are: the rest is lost */
  uint64_t room;
};

static inline struct probe_event* probe_events(struct probe_log* log) {
  return (struct probe_event*)(log + 1);
}

#endif
