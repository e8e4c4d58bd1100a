/* What is linked into an updatable program: the descriptor that the pup reads.
 * Every address is a run-time address (the dynamic linker relocates them in a PIE).
 * The pup treats all of it as untrusted input. */
#ifndef PUP_RUNTIME_H
#define PUP_RUNTIME_H

#define PUP_MAGIC 0x31435345445055ull /* "UPDESC1" */
#define PUP_FORMAT 1
#define PUP_GATE_COUNT 64
#define PUP_GATE_STRIDE 32
#define PUP_GATE_RETURN_OFFSET 16
#define PUP_GATE_SLICES 16 /* parts of one wait */
#define PUP_PAGE 4096
#define PUP_UNWIND_BYTES (2 * 1024 * 1024)
#ifndef PUP_TLS_RESERVE
#define PUP_TLS_RESERVE 1024
#endif
#ifndef PUP_ARENA_SIZE
#define PUP_ARENA_SIZE (16 * 1024 * 1024)
#endif

#ifndef __ASSEMBLER__
#include <stdint.h>

/* One return gate. A gated procedure returns to the gate's entry; the real return address, written
 * by the pup, lies gate_return_offset bytes behind it in the same read-only memory. */
struct pup_gate_state { /* writable by the gate's own code, one per gate */
  uint32_t arrived;   /* threads that have come to the gate since the pup cleared it */
  uint32_t released;  /* futex word: 0 wait, 1 go on at once */
};

struct pup_descriptor {
  uint64_t magic;
  uint32_t format;
  uint32_t byte_count; /* of this struct */
  uint8_t build_id[20]; /* written by pupcc after the link */
  uint32_t build_id_size;
  uint64_t table, table_end;               /* the binding table */
  uint64_t text_arena, text_arena_end;     /* r-x, untouched */
  uint64_t data_arena, data_arena_end;     /* rw-, untouched */
  uint64_t gates;                          /* first gate entry */
  uint32_t gate_count, gate_stride;        /* bytes from one entry to the next */
  uint64_t gate_return_offset;             /* from a gate's entry to its real return address */
  uint64_t gate_states;                    /* struct pup_gate_state[gate_count] */
  uint64_t gate_wait;                      /* the routine that all gates join; a perf breakpoint goes here */
  uint64_t gate_wait_ms;                   /* address of a uint32_t: how long one wait lasts, in ms */
  uint64_t eh_frame_hdr, eh_frame_hdr_end; /* our unwind index and its capacity */
  uint64_t started;                        /* address of a uint32_t: 1 once constructors have run */
  int64_t linker_unwind; /* from this struct to the linker's .eh_frame_hdr, 0 if none; written by pupcc */
  /* Written by the pup, all 0 in a new process. */
  uint64_t version;     /* highest running version number; 0 means 1 */
  uint64_t update;      /* journal number of the last update begun */
  uint64_t state;       /* 0 at rest, 1 an update is under way */
  uint8_t journal[16];  /* which journal the numbers mean */
};
#endif
#endif
