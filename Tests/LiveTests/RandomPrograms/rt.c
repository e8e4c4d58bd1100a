/* The log lies in a shared mapping of a file, so that nothing is lost if the program dies. */
#include "rt.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RECORDS = 4 << 20 };
struct record { uint8_t kind, thread; uint16_t id; u32 value; };
struct log { u64 count, stop; struct record records[RECORDS]; };

__thread u32 rt_thread;
__thread jmp_buf *rt_handler;
volatile u32 rt_zero;
static struct log *records;
/* What a later version may call must be in a static program from the beginning. */
void *const rt_needed[] = {longjmp, _setjmp, qsort, malloc, free};

void rt_start(const char *path) {
  if (!rt_needed[rt_zero]) _exit(7);
  int file = open(path, O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof(struct log))) _exit(9);
  records = mmap(0, sizeof(struct log), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (records == MAP_FAILED) _exit(9);
  close(file);
  alarm(150);
}

int rt_stops(void) {
  return __atomic_load_n(&records->stop, __ATOMIC_SEQ_CST) || records->count > RECORDS - 65536;
}

void rt_log(u32 kind, u32 id, u32 value) {
  u64 at = __atomic_fetch_add(&records->count, 1, __ATOMIC_SEQ_CST);
  if (at >= RECORDS) _exit(8);
  records->records[at] = (struct record){kind, rt_thread, id, value};
}

u32 rt_see(u32 id, u32 value) {
  rt_log(SEE, id, value);
  return value;
}

u128 rt_divide(u128 a, u128 b) { return a / b; }

void rt_nap(u32 microseconds) { usleep(microseconds); }

void rt_spin(u32 turns) {
  for (volatile u32 i = 0; i < turns; i++) {
  }
}
