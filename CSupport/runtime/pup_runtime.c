/* The runtime that pupcc links into an updatable program. It allocates nothing, makes no thread,
 * installs no handler and opens no file; before main it makes one memory region executable, copies
 * the linker's unwind index to where there is room for more rows, and sets one flag. */
#include "pup_runtime.h"

#include <stddef.h>

#define HIDDEN __attribute__((visibility("hidden")))
#define REGION(name) __attribute__((visibility("hidden"), aligned(PUP_PAGE), section(".bss." name)))

REGION("pup_text_arena") unsigned char __pup_text_arena[PUP_ARENA_SIZE];
#if PUP_TLS_RESERVE > 0
/* Room in every thread for thread-local data of later versions; pupcc notes where it lies. */
__attribute__((used, retain, visibility("hidden"), aligned(64)))
__thread unsigned char __pup_tls_reserve[PUP_TLS_RESERVE];
#endif
REGION("pup_data_arena") unsigned char __pup_data_arena[PUP_ARENA_SIZE];
REGION("pup_unwind") unsigned char __pup_unwind[PUP_UNWIND_BYTES];

HIDDEN struct pup_gate_state __pup_gate_states[PUP_GATE_COUNT];
HIDDEN uint32_t __pup_gate_wait_ms = 50;
HIDDEN uint32_t __pup_started;

extern HIDDEN const unsigned char __pup_gates[];
extern HIDDEN const unsigned char __pup_gate_wait[];
extern HIDDEN const unsigned char __pup_table_start[] __attribute__((weak));
extern HIDDEN const unsigned char __pup_table_end[] __attribute__((weak));

#define ADDRESS(place) ((uint64_t)(uintptr_t)(place))

/* Relocated by the dynamic linker in a PIE, then read-only (RELRO). */
HIDDEN __attribute__((section(".data.rel.ro.pup_descriptor"), used, retain, aligned(16)))
struct pup_descriptor_pointers {
  uint64_t magic;
  uint32_t format, byte_count;
  uint8_t build_id[20];
  uint32_t build_id_size;
  const void *table, *table_end;
  void *text_arena, *text_arena_end, *data_arena, *data_arena_end;
  const void *gates;
  uint32_t gate_count, gate_stride;
  uint64_t gate_return_offset;
  void *gate_states;
  const void *gate_wait;
  void *gate_wait_ms;
  void *unwind, *unwind_end;
  void *started;
  int64_t linker_unwind;
  uint64_t version, update, state;
  uint8_t journal[16];
} __pup_descriptor = {
    .magic = PUP_MAGIC,
    .format = PUP_FORMAT,
    .byte_count = sizeof(struct pup_descriptor),
    .table = __pup_table_start,
    .table_end = __pup_table_end,
    .text_arena = __pup_text_arena,
    .text_arena_end = __pup_text_arena + PUP_ARENA_SIZE,
    .data_arena = __pup_data_arena,
    .data_arena_end = __pup_data_arena + PUP_ARENA_SIZE,
    .gates = __pup_gates,
    .gate_count = PUP_GATE_COUNT,
    .gate_stride = PUP_GATE_STRIDE,
    .gate_return_offset = PUP_GATE_RETURN_OFFSET,
    .gate_states = __pup_gate_states,
    .gate_wait = __pup_gate_wait,
    .gate_wait_ms = &__pup_gate_wait_ms,
    .unwind = __pup_unwind,
    .unwind_end = __pup_unwind + PUP_UNWIND_BYTES,
    .started = &__pup_started,
};

_Static_assert(sizeof(struct pup_descriptor_pointers) == sizeof(struct pup_descriptor), "layout");
_Static_assert(offsetof(struct pup_descriptor_pointers, journal) == offsetof(struct pup_descriptor, journal), "layout");

/* Raw: this runs before libc is ready, and must leave errno alone. */
static long protect(void *start, size_t bytes, long protection) {
  long result;
  register long number __asm__("rax") = 10; /* mprotect */
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "r"(number), "D"(start), "S"(bytes), "d"(protection)
                   : "rcx", "r11", "memory");
  return result;
}

/* Copies the rows of .eh_frame_hdr (LSB "Exception Frames": version 1, eh_frame_ptr pcrel|sdata4,
 * fde_count udata4, table datarel|sdata4), making them relative to the new place. If there is no
 * room for them, the index says that it has no rows, and unwinders read .eh_frame itself. */
static void copy_unwind_index(void) {
  if (!__pup_descriptor.linker_unwind)
    return;
  const unsigned char *from = (const unsigned char *)&__pup_descriptor + __pup_descriptor.linker_unwind;
  if (from[0] != 1 || from[1] != 0x1b)
    return;
  const int32_t *source = (const int32_t *)from;
  int32_t *target = (int32_t *)__pup_unwind;
  int32_t shift = (int32_t)(from - __pup_unwind);
  target[1] = source[1] + shift;
  if (from[2] != 0x03 || from[3] != 0x3b || (uint32_t)source[2] > (PUP_UNWIND_BYTES - 12) / 8) {
    target[0] = (int32_t)0xffff1b01;
    return;
  }
  uint32_t count = (uint32_t)source[2];
  for (uint32_t i = 0; i < 2 * count; i++)
    target[3 + i] = source[3 + i] + shift;
  target[2] = (int32_t)count;
  target[0] = source[0];
}

static void prepare(void) {
  copy_unwind_index();
  protect(__pup_unwind, PUP_UNWIND_BYTES, 1);        /* PROT_READ */
  protect(__pup_text_arena, PUP_ARENA_SIZE, 1 | 4);  /* PROT_READ | PROT_EXEC */
}

static void started(void) { __pup_started = 1; }

/* The runtime is the last object of the link, so `started` is the last constructor. */
__attribute__((section(".preinit_array"), used, retain)) static void (*const at_preinit)(void) = prepare;
__attribute__((section(".init_array"), used, retain)) static void (*const at_init)(void) = started;
