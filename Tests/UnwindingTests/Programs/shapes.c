/* Shapes of frames that gcc makes, and the procedures of libc that are written by hand. */
#include "oracle.h"

APART static int leaf(int a, int b) { return a * 3 + b; }

APART static int deep(int n) {
  if (n == 0) return leaf(n, 1);
  return deep(n - 1) + sink;
}

/* Its prologue is moved behind the test, or behind the first call. */
APART static int shrink_wrapped(int n, int *counts) {
  if (n < 3) return n;
  int sum = 0;
  for (int i = 0; i < n; i++) {
    counts[i & 3] += leaf(i, sum);
    sum += counts[(i + 1) & 3] ^ leaf(sum, n);
  }
  return sum + shrink_wrapped(n / 2, counts);
}

APART static int growing(int count) {
  char *bytes = alloca((size_t)count);
  memset(bytes, count, (size_t)count);
  int values[count % 50 + 1];
  values[count % 50] = leaf(count, 2);
  return bytes[count / 2] + values[count % 50] + (count > 2000 ? 0 : growing(count * 3));
}

APART static int large_frame(int n) {
  volatile char room[70000];
  room[n] = (char)n;
  room[69999] = 1;
  return leaf(room[n], room[69999]);
}

APART static double aligned(double value) {
  double values[16] __attribute__((aligned(64)));
  for (int i = 0; i < 16; i++) values[i] = value + sink;
  return values[leaf(sink, 1) & 15];
}

__attribute__((force_align_arg_pointer)) APART static int realigned(int n) {
  int values[8] __attribute__((aligned(32)));
  for (int i = 0; i < 8; i++) values[i] = leaf(n, i);
  return values[n & 7];
}

APART static int many(int a, int b, int c, int d, int e, int f, int g, int h, double x, long i) {
  char *room = alloca((size_t)(i & 63) + 16);
  room[0] = (char)a;
  return leaf(a + b + c + d, e + f + g + h) + (int)x + room[0];
}

APART static int varying(int count, ...) {
  va_list list;
  int sum = 0;
  va_start(list, count);
  for (int i = 0; i < count; i++) sum += va_arg(list, int) + (int)va_arg(list, double);
  va_end(list);
  return leaf(sum, count);
}

static jmp_buf back;

__attribute__((noinline, noclone, noreturn)) static void leave(int n) {
  if (n > 2) longjmp(back, n);
  longjmp(back, leaf(n, 7));
}

/* The call is its last instruction. */
__attribute__((noinline, noclone, noreturn)) static void end_by_call(int n) { leave(n + sink % 3); }

APART static int jumping(int n) {
  int value = setjmp(back);
  if (value == 0) end_by_call(n);
  return value;
}

APART static int chosen(int n) {
  switch (n) {
  case 0: return leaf(n, 1);
  case 1: return deep(2);
  case 2: return leaf(leaf(n, n), 3) + 1;
  case 3: sink++; return 4;
  case 4: return leaf(n, 9) * n;
  case 5: return deep(3) + leaf(1, 2);
  default: return n;
  }
}

APART static int tail(int n) { return chosen(n & 7) + n; }
APART static int tailing(int n) { sink++; return tail(n + 1); }

static int compare(const void *a, const void *b) {
  return leaf(*(const int *)a, 0) - leaf(*(const int *)b, 0);
}

APART static int sorted(int n) {
  int numbers[12];
  for (int i = 0; i < 12; i++) numbers[i] = (i * 7 + n) % 12;
  qsort(numbers, 12, sizeof *numbers, compare);
  int *found = bsearch(&n, numbers, 12, sizeof *numbers, compare);
  return numbers[0] + (found != NULL);
}

APART static int texts(int n) {
  char text[200], copy[200];
  snprintf(text, sizeof text, "%d %s %f %c", n, "some words of text", n + 0.25, 'x');
  strcpy(copy, text);
  memmove(copy + 1, copy, strlen(copy));
  double value = strtod(copy + 1, NULL);
  return (int)value + strcmp(text, copy) + (strchr(text, 'x') != NULL) + (int)strlen(copy)
         + memcmp(text, copy, 8) + (strstr(text, "of") != NULL) + atoi(text);
}

APART static int times(void) {
  struct timespec now;
  struct timeval day;
  clock_gettime(CLOCK_MONOTONIC, &now);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  gettimeofday(&day, NULL);
  return (int)(now.tv_nsec ^ time(NULL)) + (int)getppid();
}

APART static int memory(size_t size) {
  char *block = malloc(size);
  memset(block, 1, size);
  block = realloc(block, size * 2);
  memcpy(block + size, block, size);
  int value = block[size];
  free(block);
  return value;
}

int main(void) {
  int counts[4] = {1, 2, 3, 4};
  for (int n = 0;; n++) {
    round_begins();
    sink += deep(n % 40) + shrink_wrapped(12, counts) + growing(100 + n % 7) + large_frame(n & 1023);
    sink += (int)aligned(n) + realigned(n) + many(1, 2, 3, 4, 5, 6, 7, 8, 9.0, n);
    sink += varying(3, 1, 2.0, 3, 4.0, 5, 6.0) + jumping(n % 5 + 1) + tailing(n) + sorted(n % 12);
    sink += texts(n) + times() + memory((size_t)(n % 300 + 20));
  }
}
