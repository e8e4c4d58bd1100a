/* All but main and the handler differ by VERSION. On SIGUSR2 it says what frames the C library's own
 * unwinder finds; it goes by the index that is mapped, as exceptions do. */
#include "oracle.h"
#include <execinfo.h>

void *traced[200];
int traced_count;

APART void traced_all(void) { sink++; }

static void on_signal(int number) {
  (void)number;
  traced_count = backtrace(traced, 200);
  traced_all();
}

APART static int leaf(int a, int b) { return a * 3 + b + VERSION; }

APART static int deep(int n) {
  if (n == 0) return leaf(n, VERSION);
  return deep(n - 1) + leaf(n, 2 * VERSION);
}

APART static int growing(int count) {
  char *bytes = alloca((size_t)count);
  memset(bytes, count + VERSION, (size_t)count);
  return bytes[count / 2] + leaf(count, 1) + (count > 500 ? 0 : growing(count * 3));
}

APART static double aligned(double value) {
  double values[16] __attribute__((aligned(64)));
  for (int i = 0; i < 16; i++) values[i] = value + VERSION;
  return values[leaf(sink, 1) & 15];
}

static int compare(const void *a, const void *b) {
  return leaf(*(const int *)a, VERSION) - leaf(*(const int *)b, VERSION);
}

APART static int sorted(int n) {
  int numbers[5];
  for (int i = 0; i < 5; i++) numbers[i] = (i * 7 + n + VERSION) % 12;
  qsort(numbers, 5, sizeof *numbers, compare);
  return numbers[0];
}

APART static int turn(int n) {
  int sum = deep(n % 9) + growing(40 + n % 7) + (int)aligned(n) + sorted(n);
  if (n % 5 == VERSION) sum += leaf(sum, 4);
  return sum;
}

int main(void) {
  signal(SIGUSR2, on_signal);
  backtrace(traced, 4);
  puts("ready");
  fflush(stdout);
  for (int n = 0;; n++) {
    round_begins();
    sink += turn(n & 1023);
  }
}
