/* Many shapes of frames, one above the other; `stop_here` is where a debugger looks. */
#define _GNU_SOURCE
#include <alloca.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))

static volatile int sink;

APART void stop_here(int number) { sink += number; }

APART static int compare(const void *a, const void *b) {
  stop_here(1);
  return *(const int *)a - *(const int *)b;
}

APART static int sorted(void) {
  int numbers[] = {3, 1, 2};
  qsort(numbers, 3, sizeof *numbers, compare);
  return numbers[0];
}

APART static int growing(int count) {
  char *bytes = alloca((size_t)count);
  memset(bytes, count, (size_t)count);
  stop_here(2);
  return bytes[count / 2] + (count > 4000 ? 0 : growing(count * 3));
}

APART static double aligned(double value) {
  double values[8] __attribute__((aligned(64)));
  for (int i = 0; i < 8; i++) values[i] = value + sink;
  stop_here(3);
  return values[sink & 7];
}

APART static int tail(int number) { return sorted() + number; }
APART static int tailing(int number) { sink++; return tail(number + 1); }

APART static int deep(int n) {
  if (n == 0) stop_here(4);
  return n == 0 ? 0 : deep(n - 1) + sink;
}

static void on_signal(int number) {
  char text[64];
  snprintf(text, sizeof text, "%d %f", number, sink + 0.5);
  sink += (int)strlen(text);
  stop_here(5);
  if (number == SIGUSR1) raise(SIGUSR2);
}

APART static int signalled(int number) { return raise(number) + sink; }

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static int is_over;

static void *waiting(void *unused) {
  pthread_mutex_lock(&lock);
  while (!is_over) pthread_cond_wait(&wake, &lock);
  pthread_mutex_unlock(&lock);
  stop_here(6);
  return unused;
}

__attribute__((noinline, noreturn)) static void last(void) {
  stop_here(7);
  exit(0);
}

APART static int never(int number) {
  if (number) last();
  return number;
}

/* The handler's own stack lies below, then above, the stack of the thread that it interrupts. */
static void signals_on_another_stack(void) {
  static char low[65536];
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
  stack_t stack = {.ss_sp = low, .ss_size = sizeof low};
  sigaltstack(&stack, NULL);
  sigaction(SIGUSR1, &action, NULL);
  signalled(SIGUSR1);
}

static void *signals_above(void *above) {
  stack_t stack = {.ss_sp = above, .ss_size = 65536};
  sigaltstack(&stack, NULL);
  signalled(SIGUSR1);
  return NULL;
}

static void thread_below_its_signal_stack(void) {
  char *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, memory, 1 << 19);
  pthread_create(&thread, &attributes, signals_above, memory + (1 << 19));
  pthread_join(thread, NULL);
}

int main(void) {
  pthread_t thread;
  struct timespec instant = {0, 1000};
  signal(SIGUSR1, on_signal);
  signal(SIGUSR2, on_signal);
  signalled(SIGUSR1);
  sink += growing(100);
  sink += (int)aligned(strtod("2.5", NULL));
  sink += tailing(3) + deep(40);
  nanosleep(&instant, NULL);
  poll(NULL, 0, 1);
  pthread_create(&thread, NULL, waiting, NULL);
  usleep(20000);
  stop_here(8);
  pthread_mutex_lock(&lock);
  is_over = 1;
  pthread_cond_signal(&wake);
  pthread_mutex_unlock(&lock);
  pthread_join(thread, NULL);
  signals_on_another_stack();
  thread_below_its_signal_stack();
  return never(sink | 1);
}
