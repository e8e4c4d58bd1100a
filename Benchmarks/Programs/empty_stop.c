// The least that a stop of a process can be, as the measure of what ours add to it: interrupt all of
// its threads, read their registers, and let them go on. They are seized before, once.
//
//   empty_stop PID ROUNDS     prints the microseconds of each round
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most_threads = 1 << 16 };
static pid_t threads[most_threads];
static int count;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void seize(const char *pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/task", pid);
  DIR *folder = opendir(path);
  if (!folder)
    fail(path);
  for (struct dirent *entry; (entry = readdir(folder)) && count < most_threads;) {
    pid_t tid = atoi(entry->d_name);
    if (tid <= 0)
      continue;
    if (ptrace(PTRACE_SEIZE, tid, 0, 0) < 0)
      fail("PTRACE_SEIZE");
    threads[count++] = tid;
  }
  closedir(folder);
}

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static double stop(void) {
  double start = microseconds();
  for (int i = 0; i < count; i++)
    if (ptrace(PTRACE_INTERRUPT, threads[i], 0, 0) < 0)
      fail("PTRACE_INTERRUPT");
  for (int i = 0; i < count; i++)
    if (waitpid(threads[i], NULL, __WALL) != threads[i])
      fail("waitpid");
  for (int i = 0; i < count; i++) {
    struct user_regs_struct registers;
    struct iovec vector = {&registers, sizeof registers};
    if (ptrace(PTRACE_GETREGSET, threads[i], NT_PRSTATUS, &vector) < 0)
      fail("PTRACE_GETREGSET");
  }
  for (int i = 0; i < count; i++)
    if (ptrace(PTRACE_CONT, threads[i], 0, 0) < 0)
      fail("PTRACE_CONT");
  return microseconds() - start;
}

int main(int argc, char **argv) {
  if (argc != 3)
    return fprintf(stderr, "usage: empty_stop PID ROUNDS\n"), 2;
  seize(argv[1]);
  for (int round = atoi(argv[2]); round > 0; round--) {
    printf("%.1f\n", stop());
    usleep(2000);
  }
  return 0;
}
