/* Handlers: nested, on a stack of their own, left by siglongjmp, and at any instruction by a timer;
 * and stacks that the program switches by itself. */
#include "oracle.h"
#include <ucontext.h>

static sigjmp_buf out;
static ucontext_t outside, inside;

APART static int busy(int n) {
  char text[64], copy[64];
  snprintf(text, sizeof text, "%d %f", n, n + 0.5);
  memcpy(copy, text, sizeof copy);
  return (int)strlen(copy) + copy[0];
}

APART static void on_signal(int number) {
  sink += busy(number);
  if (number == SIGUSR1) raise(SIGUSR2);
}

APART static void on_timer(int number, siginfo_t *info, void *context) {
  sink += busy(number) + (info != NULL) + (context != NULL);
}

APART static void on_leaving(int number) { siglongjmp(out, number); }

APART static int signalled(int number) { return raise(number) + sink; }

APART static int left(void) {
  if (sigsetjmp(out, 1) == 0) signalled(SIGHUP);
  return sink;
}

APART static int interrupted(int n) {
  struct itimerval soon = {.it_value = {0, 30 + n % 50}};
  struct timespec start, now;
  int sum = 0;
  setitimer(ITIMER_REAL, &soon, NULL);
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int i = 0; i < 1000; i++) {
    sum += busy(i);
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec > 150000) break;
  }
  return sum;
}

APART static void coroutine(void) {
  for (;;) {
    sink += busy(3);
    swapcontext(&inside, &outside);
  }
}

APART static int switching(void) {
  swapcontext(&outside, &inside);
  return sink;
}

APART static void act(int number, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigaction(number, &action, NULL);
}

int main(void) {
  static char low[65536], other[65536];
  char *high = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  getcontext(&inside);
  inside.uc_stack = (stack_t){.ss_sp = other, .ss_size = sizeof other};
  makecontext(&inside, coroutine, 0);
  act(SIGUSR2, on_signal, SA_NODEFER);
  act(SIGHUP, on_leaving, 0);
  act(SIGALRM, (void (*)(int))on_timer, SA_SIGINFO | SA_RESTART);
  for (int n = 0;; n++) {
    round_begins();
    stack_t stack = {.ss_sp = n & 1 ? low : high, .ss_size = 65536};
    sigaltstack(&stack, NULL);
    act(SIGUSR1, on_signal, n & 2 ? SA_ONSTACK : 0);
    sink += signalled(SIGUSR1) + left() + interrupted(n) + switching();
  }
}
