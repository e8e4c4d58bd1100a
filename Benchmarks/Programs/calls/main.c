/* Does almost nothing but call: what a call costs is a large part of its time. */
#include <stdio.h>
#include <stdlib.h>

#include "steps.h"

/* Two procedures that call each other, one of them through a static one. */
__attribute__((noinline)) static unsigned odd(unsigned n);

__attribute__((noinline)) static unsigned even(unsigned n) { return n == 0 ? 1 : odd(n - 1) + 1; }

__attribute__((noinline)) static unsigned odd(unsigned n) { return n == 0 ? 0 : even(n - 1) ^ 1; }

__attribute__((noinline)) static unsigned fibonacci(unsigned n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

__attribute__((noinline)) static unsigned turn(unsigned n) {
  unsigned sum = 0;
  /* Leaves of another unit, called directly. */
  for (unsigned i = 0; i < 200; i++) sum = mix(sum, add(i, n));
  sum += even(40) + fibonacci(10);
  return forward(sum, n);
}

int main(int argc, char **argv) {
  unsigned sum = 0;
  unsigned turns = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
  for (unsigned n = 0; n < turns; n++) sum = mix(sum, turn(n));
  printf("%u\n", sum);
  return 0;
}
