/* Threads that start, wait, end and are cancelled, children, and procedures run once. */
#include "oracle.h"
#include <sched.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static int is_over;
static _Thread_local int own[4];

APART static int work(int n) {
  own[n & 3] += n;
  return own[0] + own[n & 3];
}

APART static void clean(void *number) { sink += work((int)(long)number); }

APART static void *waiting(void *number) {
  pthread_mutex_lock(&lock);
  while (!is_over) pthread_cond_wait(&wake, &lock);
  pthread_mutex_unlock(&lock);
  sink += work((int)(long)number);
  return number;
}

APART static void *ending(void *number) {
  pthread_cleanup_push(clean, number);
  sink += work(1);
  pthread_exit(number);
  pthread_cleanup_pop(0);
  return NULL;
}

APART static void *cancelled(void *number) {
  pthread_cleanup_push(clean, number);
  for (;;) sleep(1);
  pthread_cleanup_pop(0);
  return number;
}

static void at_first(void) { sink += work(2); }

APART static int child(int n) {
  pid_t pid = vfork();
  if (pid == 0) _exit(n & 1);
  int status;
  waitpid(pid, &status, 0);
  return status + work(n);
}

static int in_clone(void *number) { return work((int)(long)number) & 1; }

APART static int cloned(int n) {
  static char stack[65536];
  int status;
  pid_t pid = clone(in_clone, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)(long)n);
  waitpid(pid, &status, 0);
  return status;
}

int main(void) {
  for (int n = 0;; n++) {
    pthread_t threads[3];
    pthread_once_t once = PTHREAD_ONCE_INIT;
    round_begins();
    is_over = 0;
    pthread_create(&threads[0], NULL, waiting, (void *)(long)n);
    pthread_create(&threads[1], NULL, ending, (void *)2L);
    pthread_create(&threads[2], NULL, cancelled, (void *)3L);
    pthread_once(&once, at_first);
    sched_yield();
    sink += child(n) + cloned(n);
    pthread_cancel(threads[2]);
    pthread_mutex_lock(&lock);
    is_over = 1;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  }
}
