#define _GNU_SOURCE
#include "pup_runtime.h"
#include <complex.h>
#include <elf.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

extern struct pup_descriptor __pup_descriptor __attribute__((visibility("hidden")));
#define D __pup_descriptor
#define STATE ((volatile struct pup_gate_state *)D.gate_states)
#define CHECK(condition) \
  do { if (!(condition)) { printf("%d: %s\n", __LINE__, #condition); exit(1); } } while (0)
#define APART __attribute__((noinline, noclone, optimize("no-omit-frame-pointer")))

/* Gates the procedure that says it, as the pup would. */
#define GATE(number) gate((uint64_t *)__builtin_frame_address(0) + 1, number)

static void gate(uint64_t *slot, int number) {
  uint64_t entry = D.gates + (uint64_t)number * D.gate_stride;
  int memory = open("/proc/self/mem", O_RDWR);
  CHECK(pwrite(memory, slot, 8, (off_t)(entry + D.gate_return_offset)) == 8);
  close(memory);
  STATE[number].arrived = STATE[number].released = 0;
  *slot = entry;
}

static void wait_ms(uint32_t ms) { *(volatile uint32_t *)D.gate_wait_ms = ms; }

struct mixed { double d; long l; };
struct large { long words[9]; };
APART static long whole(long a) { GATE(0); return a * 3; }
APART static double real(double a) { GATE(1); return a * 3; }
APART static long double extended(long double a) { GATE(2); return a * 3; }
APART static _Complex long double both(long double a) { GATE(3); return a + 2 * a * I; }
APART static struct mixed mix(double d, long l) { GATE(4); return (struct mixed){d, l}; }
APART static __int128 wide(long a) { GATE(62); return (__int128)a << 64 | 7; }
APART static struct large big(long a) { GATE(63); return (struct large){{a, 1, 2, 3, 4, 5, 6, 7, a}}; }

static int results(void) {
  wait_ms(2);
  CHECK(whole(14) == 42);
  CHECK(real(1.5) == 4.5);
  CHECK(extended(1.0L / 3) == 1.0L / 3 * 3);
  _Complex long double c = both(1.25L);
  CHECK(creall(c) == 1.25L && cimagl(c) == 2.5L);
  struct mixed m = mix(2.5, 99);
  CHECK(m.d == 2.5 && m.l == 99);
  CHECK(wide(5) == ((__int128)5 << 64 | 7));
  struct large b = big(77);
  CHECK(b.words[0] == 77 && b.words[8] == 77);
  static const int used[] = {0, 1, 2, 3, 4, 62, 63};
  for (int i = 0; i < 7; i++) CHECK(STATE[used[i]].arrived == 1);
  CHECK(STATE[5].arrived == 0);
  return 0;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int timeout(void) {
  wait_ms(80);
  double start = now();
  CHECK(whole(1) == 3);
  CHECK(now() - start >= 0.080);
  return 0;
}

static void *release(void *unused) {
  while (!STATE[0].arrived) usleep(1000);
  STATE[0].released = 1;
  syscall(SYS_futex, &STATE[0].released, FUTEX_WAKE_PRIVATE, 64);
  return unused;
}

static int released(void) {
  pthread_t thread;
  wait_ms(3600 * 1000);
  CHECK(!pthread_create(&thread, NULL, release, NULL));
  CHECK(whole(2) == 6);
  return pthread_join(thread, NULL);
}

static volatile int alarms;
static void on_alarm(int number) { (void)number; alarms++; errno = 77; }

/* A handler that comes all the time neither prolongs the wait nor disturbs it. */
static int interrupted(void) {
  struct sigaction action = {.sa_handler = on_alarm};
  struct itimerval timer = {{0, 2000}, {0, 2000}};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &timer, NULL);
  wait_ms(160);
  double start = now();
  CHECK(whole(2) == 6);
  CHECK(alarms >= 1 && now() - start >= 0.020);
  return 0;
}

static volatile int depth[2];
APART static int tracing(int gated) {
  void *trace[64];
  if (gated) GATE(0);
  depth[gated] = backtrace(trace, 64);
  int crossed = 0;
  for (int i = 0; i < depth[gated]; i++) crossed += (uint64_t)trace[i] == D.gates;
  CHECK(crossed == gated);
  return crossed;
}
APART static int caller(int gated) { return tracing(gated) + 1; }

static int traced(void) {
  wait_ms(1);
  CHECK(caller(0) == 1 && caller(1) == 2);
  CHECK(depth[0] > 3 && depth[1] == depth[0] + 1);
  return 0;
}

static jmp_buf place;
APART static int jumping(void) { GATE(0); longjmp(place, 5); }
static int jumped(void) {
  wait_ms(3600 * 1000);
  int code = setjmp(place);
  if (!code) return jumping();
  CHECK(code == 5 && STATE[0].arrived == 0);
  return 0;
}

static volatile int cleaned, ready;
static void clean(void *unused) { (void)unused; cleaned++; }
APART static int pausing(void) { GATE(0); ready = 1; for (;;) pause(); return 0; }
APART static int passing(void) { GATE(1); return 1; }
APART static void *cancelled(void *asynchronous) {
  volatile int result = 0;
  pthread_cleanup_push(clean, NULL);
  if (asynchronous) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    result = passing();
  } else {
    result = pausing();
  }
  pthread_cleanup_pop(0);
  return (void *)(long)result;
}

static int cancel(void) {
  pthread_t thread;
  void *result;
  wait_ms(3600 * 1000);
  CHECK(!pthread_create(&thread, NULL, cancelled, NULL));
  while (!ready) usleep(1000);
  pthread_cancel(thread);
  CHECK(!pthread_join(thread, &result) && result == PTHREAD_CANCELED && cleaned == 1);
  CHECK(!pthread_create(&thread, NULL, cancelled, (void *)1));
  while (!STATE[1].arrived) usleep(1000);
  pthread_cancel(thread);
  CHECK(!pthread_join(thread, &result) && result == PTHREAD_CANCELED && cleaned == 2);
  return 0;
}

static void check_map(uint64_t start, uint64_t end, const char *rights) {
  char line[512], found[8];
  uint64_t low, high, next = start;
  FILE *maps = fopen("/proc/self/maps", "r");
  while (next < end && fgets(line, sizeof line, maps) &&
         sscanf(line, "%lx-%lx %7s", &low, &high, found) == 3) {
    if (low > next || high <= next) continue;
    if (strcmp(found, rights)) printf("%s", line);
    CHECK(!strcmp(found, rights));
    next = high;
  }
  fclose(maps);
  CHECK(next >= end);
}

static void check_untouched(uint64_t start, uint64_t end) {
  static unsigned char pages[4096];
  CHECK((end - start) / 4096 == sizeof pages && start % 4096 == 0);
  CHECK(!mincore((void *)start, end - start, pages));
  for (unsigned i = 0; i < sizeof pages; i++) CHECK(!(pages[i] & 1));
}

static int maps(void) {
  check_map(D.text_arena, D.text_arena_end, "r-xp");
  check_map(D.data_arena, D.data_arena_end, "rw-p");
  check_map(D.eh_frame_hdr, D.eh_frame_hdr_end, "r--p");
  check_map((uint64_t)&D, (uint64_t)(&D + 1), "r--p");
  check_map(D.gates, D.gates + D.gate_count * D.gate_stride, "r-xp");
  check_untouched(D.text_arena, D.text_arena_end);
  check_untouched(D.data_arena, D.data_arena_end);
  return 0;
}

static int find_header(struct dl_phdr_info *info, size_t size, void *found) {
  (void)size;
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME && !*(uint64_t *)found)
      *(uint64_t *)found = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
  return 0;
}

/* Each row of the copied index leads to the description of the address that it names. */
static int unwind_index(void) {
  uint64_t header = 0;
  dl_iterate_phdr(find_header, &header);
  CHECK(header == D.eh_frame_hdr);
  const unsigned char *index = (const unsigned char *)header;
  const unsigned char *linker = (const unsigned char *)&D + D.linker_unwind;
  CHECK(!memcmp(index, "\1\x1b\3\x3b", 4) && !memcmp(linker, index, 4));
  const int32_t *words = (const int32_t *)index, *originals = (const int32_t *)linker;
  CHECK(words[2] == originals[2] && words[2] > 64);
  CHECK(index + 4 + words[1] == linker + 4 + originals[1]);
  for (int i = 0; i < words[2]; i++) {
    const int32_t *description = (const int32_t *)(index + words[4 + 2 * i]);
    CHECK((const unsigned char *)(description + 2) + description[2] == index + words[3 + 2 * i]);
    CHECK(!i || words[3 + 2 * i] > words[1 + 2 * i]);
  }
  return 0;
}

static int started_early = -1;
__attribute__((constructor)) static void early(void) {
  started_early = *(int *)D.started | (errno != 0);
}

static int started(void) {
  CHECK(started_early == 0 && *(int *)D.started == 1);
  CHECK(D.magic == PUP_MAGIC && D.byte_count == sizeof D && D.version == 0 && D.state == 0);
  return 0;
}

/* Stands inside procedures that return to gates, for a debugger to look at. */
APART static int waiting(int n) { GATE(n); return n ? waiting(n - 1) + 1 : (int)usleep(1); }
static int stand(void) { wait_ms(1); return waiting(4) == 4 ? 0 : 1; }

int main(int count, char **words) {
  static const struct { const char *name; int (*run)(void); } cases[] = {
      {"results", results}, {"timeout", timeout}, {"released", released},
      {"interrupted", interrupted}, {"traced", traced}, {"jumped", jumped}, {"cancel", cancel},
      {"maps", maps}, {"index", unwind_index}, {"started", started}, {"stand", stand}};
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
    if (count > 1 && !strcmp(words[1], cases[i].name)) return cases[i].run();
  return 2;
}
