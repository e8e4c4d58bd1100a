/* Calls nothing but what it has the address of: such calls take trampolines from the start. */
#include <stdio.h>
#include <stdlib.h>

#define STEP(name, expression) \
  static unsigned name(unsigned a, unsigned b) { return expression; }
STEP(add, a + b)
STEP(subtract, a - b)
STEP(mix, (a << 5 | a >> 27) ^ b)
STEP(scale, a * 7 + b)

static unsigned (*const steps[])(unsigned, unsigned) = {add, subtract, mix, scale};

int main(int argc, char **argv) {
  unsigned sum = 0;
  unsigned turns = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
  for (unsigned n = 0; n < turns; n++) {
    for (unsigned i = 0; i < 200; i++) sum = steps[(i + n) % 4](sum, i);
  }
  printf("%u\n", sum);
  return 0;
}
