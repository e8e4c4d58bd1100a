// A program whose threads sleep, or spin, below some frames: what a stop has to look at.
//
//   threads SLEEPING SPINNING DEPTH
//
// Compiled with VERSION, and with CHANGED as the number of procedures that differ by it.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// 1000 procedures, numbered from 1000 so that no number looks octal.
#define ONE(n) \
  __attribute__((noinline)) unsigned procedure_##n(unsigned x) { \
    return x * 31 + (n - 1000 < CHANGED ? VERSION : 0); \
  }
#define TEN(n) ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n) TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)
#define CALL(n) x = procedure_##n(x);
#define CALL10(n) CALL(n##0) CALL(n##1) CALL(n##2) CALL(n##3) CALL(n##4) CALL(n##5) CALL(n##6) CALL(n##7) CALL(n##8) CALL(n##9)
#define CALL100(n) CALL10(n##0) CALL10(n##1) CALL10(n##2) CALL10(n##3) CALL10(n##4) CALL10(n##5) CALL10(n##6) CALL10(n##7) CALL10(n##8) CALL10(n##9)

HUNDRED(10) HUNDRED(11) HUNDRED(12) HUNDRED(13) HUNDRED(14)
HUNDRED(15) HUNDRED(16) HUNDRED(17) HUNDRED(18) HUNDRED(19)

__attribute__((noinline)) unsigned work(unsigned x) {
  CALL100(10) CALL100(11) CALL100(12) CALL100(13) CALL100(14)
  CALL100(15) CALL100(16) CALL100(17) CALL100(18) CALL100(19)
  return x;
}

static int depth;
static volatile unsigned sum;

__attribute__((noinline, noclone)) unsigned descend(int level, int spins) {
  if (level > 0) {
    unsigned below = descend(level - 1, spins);
    sum += below;  // so that this is no loop
    return below;
  }
  for (;;) {
    if (spins)
      for (int i = 0; i < 1000; i++)
        sum += i;
    else
      sleep(1000);
  }
}

static void *thread(void *spins) { return (void *)(uintptr_t)descend(depth, spins != NULL); }

int main(int argc, char **argv) {
  if (argc != 4)
    return fprintf(stderr, "usage: threads SLEEPING SPINNING DEPTH\n"), 2;
  int sleeping = atoi(argv[1]), spinning = atoi(argv[2]);
  depth = atoi(argv[3]);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024 + (size_t)depth * 128);
  for (int i = 0; i < sleeping + spinning; i++) {
    pthread_t made;
    if (pthread_create(&made, &attributes, thread, i < sleeping ? NULL : &depth) != 0)
      return perror("pthread_create"), 1;
  }
  sum = work(1);
  printf("ready\n");
  fflush(stdout);
  for (;;)
    sleep(1000);
}
