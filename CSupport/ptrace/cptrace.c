// ptrace(2) and /proc for the Tracee module; no logic.
#include "cptrace.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static int result(long value) { return value < 0 ? -errno : (int)value; }

int cs_seize(pid_t tid) {
  return result(ptrace(PTRACE_SEIZE, tid, 0, (long)PTRACE_O_TRACESYSGOOD));
}
int cs_interrupt(pid_t tid) { return result(ptrace(PTRACE_INTERRUPT, tid, 0, 0)); }
int cs_detach(pid_t tid, int signal) { return result(ptrace(PTRACE_DETACH, tid, 0, (long)signal)); }
int cs_continue(pid_t tid, int signal) { return result(ptrace(PTRACE_CONT, tid, 0, (long)signal)); }
int cs_continue_to_syscall(pid_t tid, int signal) {
  return result(ptrace(PTRACE_SYSCALL, tid, 0, (long)signal));
}

static int raw_registers(pid_t tid, struct user_regs_struct *raw) {
  struct iovec vector = {raw, sizeof *raw};
  return result(ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &vector));
}

int cs_get_registers(pid_t tid, struct cs_registers *out) {
  struct user_regs_struct r;
  int status = raw_registers(tid, &r);
  if (status < 0)
    return status;
  const uint64_t general[16] = {r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp,
                                r.r8,  r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15};
  memcpy(out->general, general, sizeof general);
  out->rip = r.rip;
  out->eflags = r.eflags;
  out->fs_base = r.fs_base;
  out->orig_rax = (int64_t)r.orig_rax;
  return 0;
}

int cs_set_registers(pid_t tid, const struct cs_registers *in) {
  struct user_regs_struct r;
  int status = raw_registers(tid, &r);
  if (status < 0)
    return status;
  const uint64_t *g = in->general;
  r.rax = g[0], r.rdx = g[1], r.rcx = g[2], r.rbx = g[3], r.rsi = g[4], r.rdi = g[5];
  r.rbp = g[6], r.rsp = g[7], r.r8 = g[8], r.r9 = g[9], r.r10 = g[10], r.r11 = g[11];
  r.r12 = g[12], r.r13 = g[13], r.r14 = g[14], r.r15 = g[15];
  r.rip = in->rip, r.eflags = in->eflags, r.orig_rax = (uint64_t)in->orig_rax;
  struct iovec vector = {&r, sizeof r};
  return result(ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &vector));
}

int cs_set_result(pid_t tid, int64_t value) {
  return result(ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, regs.rax), (long)value));
}

int cs_get_xstate(pid_t tid, void *buffer, size_t size) {
  struct iovec vector = {buffer, size};
  int status = result(ptrace(PTRACE_GETREGSET, tid, NT_X86_XSTATE, &vector));
  return status < 0 ? status : (int)vector.iov_len;
}

int cs_set_xstate(pid_t tid, const void *buffer, size_t size) {
  struct iovec vector = {(void *)buffer, size};
  return result(ptrace(PTRACE_SETREGSET, tid, NT_X86_XSTATE, &vector));
}

int cs_get_signal_mask(pid_t tid, uint64_t *out) {
  return result(ptrace(PTRACE_GETSIGMASK, tid, sizeof *out, out));
}

int cs_set_signal_mask(pid_t tid, uint64_t mask) {
  return result(ptrace(PTRACE_SETSIGMASK, tid, sizeof mask, &mask));
}

int cs_fault(pid_t pid, pid_t tid, uint64_t *out) {
  siginfo_t info;
  int status = result(ptrace(PTRACE_GETSIGINFO, tid, 0, &info));
  if (status < 0)
    return status;
  *out = info.si_code > 0 ? (uint64_t)(uintptr_t)info.si_addr : 0;
  return info.si_code > 0 || info.si_pid == pid;
}

int cs_poke(pid_t tid, uint64_t address, const void *bytes, size_t size) {
  for (size_t i = 0; i < size; i += 8) {
    uint64_t word;
    memcpy(&word, (const char *)bytes + i, 8);
    if (ptrace(PTRACE_POKEDATA, tid, address + i, word) < 0)
      return -errno;
  }
  return 0;
}

int cs_wait(pid_t tid, int *status) {
  pid_t found = waitpid(tid, status, __WALL | WNOHANG);
  return found < 0 ? -errno : found;
}

ssize_t cs_read_memory(pid_t pid, uint64_t address, void *buffer, size_t size) {
  struct iovec local = {buffer, size}, remote = {(void *)(uintptr_t)address, size};
  ssize_t count = process_vm_readv(pid, &local, 1, &remote, 1, 0);
  return count < 0 ? -errno : count;
}

ssize_t cs_read_pieces(pid_t pid, const uint64_t *starts, const size_t *sizes, size_t first,
                       size_t count, void *buffer, size_t offset) {
  struct iovec remote[1024];
  struct iovec local = {(char *)buffer + offset, 0};
  for (size_t i = 0; i < count; i++) {
    remote[i] = (struct iovec){(void *)(uintptr_t)starts[first + i], sizes[first + i]};
    local.iov_len += sizes[first + i];
  }
  ssize_t read = process_vm_readv(pid, &local, 1, remote, count, 0);
  return read < 0 ? -errno : read;
}

int cs_shares_memory(pid_t first, pid_t second) {
  return syscall(SYS_kcmp, first, second, KCMP_VM, 0, 0) == 0;
}

enum { page_bytes = 4096 };

int cs_watch_open(pid_t tid, uint64_t address, void **ring) {
  struct perf_event_attr event = {
      .type = PERF_TYPE_BREAKPOINT,
      .size = sizeof event,
      .bp_type = HW_BREAKPOINT_X,
      .bp_addr = address,
      .bp_len = sizeof(long),
      .sample_period = 1,
      .wakeup_events = 1,
      .exclude_kernel = 1,
      .exclude_hv = 1,
  };
  int descriptor = (int)syscall(SYS_perf_event_open, &event, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (descriptor < 0)
    return -errno;
  *ring = mmap(NULL, 2 * page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (*ring != MAP_FAILED)
    return descriptor;
  int failure = errno;
  close(descriptor);
  return -failure;
}

void cs_watch_close(int descriptor, void *ring) {
  munmap(ring, 2 * page_bytes);
  close(descriptor);
}

int cs_eventfd(void) { return result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

void cs_watch_clear(void *ring) {
  struct perf_event_mmap_page *page = ring;
  __atomic_store_n(&page->data_tail, __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE),
                   __ATOMIC_RELEASE);
}

int cs_pidfd_open(pid_t pid) { return result(syscall(SYS_pidfd_open, pid, 0)); }

int cs_spawn(const char *path, char *const *argv, char *const *envp, const char *directory,
             int standard_input, int standard_output, int standard_error, int new_session) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0)
    return -errno;
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int signal = 1; signal < 32; signal++)
      if (signal != SIGKILL && signal != SIGSTOP)
        (void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    int ok = (!new_session || setsid() >= 0) && (!directory || chdir(directory) == 0) &&
             (standard_input < 0 || dup2(standard_input, 0) >= 0) &&
             (standard_output < 0 || dup2(standard_output, 1) >= 0) &&
             (standard_error < 0 || dup2(standard_error, 2) >= 0);
    if (ok)
      execve(path, argv, envp);
    int failure = errno;
    (void)!write(report[1], &failure, sizeof failure);
    _exit(127);
  }
  int spawned = pid < 0 ? -errno : pid;
  close(report[1]);
  int failure = 0;
  if (pid > 0) {
    ssize_t count;
    do
      count = read(report[0], &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    if (count == sizeof failure) {
      waitpid(pid, NULL, 0);
      spawned = -failure;
    }
  }
  close(report[0]);
  return spawned;
}

void cs_name_this_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

void cs_release_memory(void) { malloc_trim(0); }

pid_t cs_this_thread(void) { return (pid_t)syscall(SYS_gettid); }

static size_t entry_bytes(uint64_t size) { return 16 + (size + 7) / 8 * 8; }

// Runs in a forked child of a threaded process: only async-signal-safe calls.
static void keep(pid_t target, struct cs_keeper_list *list, int life) {
  char path[32] = "/proc/", digits[12];
  size_t length = 0, at = 6;
  for (pid_t rest = target; rest > 0; rest /= 10)
    digits[length++] = (char)('0' + rest % 10);
  while (length > 0)
    path[at++] = digits[--length];
  memcpy(path + at, "/mem", 5);
  close_range(3, (unsigned)life - 1, 0);
  close_range((unsigned)life + 1, ~0u, 0);
  int memory = open(path, O_RDWR | O_CLOEXEC);
  char word;
  ssize_t got;
  do
    got = read(life, &word, 1);
  while (got < 0 && errno == EINTR);
  uint64_t state = __atomic_load_n(&list->state, __ATOMIC_ACQUIRE);
  if (got == 1 || state == cs_keeper_idle)
    _exit(0);
  const unsigned char *entry = list->writes;
  for (uint64_t i = 0; state == cs_keeper_writing && i < list->count; i++) {
    uint64_t head[2];
    memcpy(head, entry, sizeof head);
    (void)!pwrite(memory, entry + sizeof head, head[1], (off_t)head[0]);
    entry += entry_bytes(head[1]);
  }
  kill(target, SIGCONT);
  _exit(0);
}

pid_t cs_keeper_start(pid_t target, size_t room, int *pipe, struct cs_keeper_list **list) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return -errno;
  size_t size = sizeof **list + room;
  struct cs_keeper_list *made =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  pid_t keeper = -1;
  if (made != MAP_FAILED) {
    made->room = room;
    cs_keeper_clear(made);
    keeper = fork();
  }
  if (keeper == 0) {
    close(ends[1]);
    setsid();
    keep(target, made, ends[0]);
  }
  int failure = errno;
  close(ends[0]);
  *pipe = ends[1];
  *list = made;
  if (keeper > 0)
    return keeper;
  close(ends[1]);
  if (made != MAP_FAILED)
    munmap(made, size);
  return -failure;
}

void cs_keeper_clear(struct cs_keeper_list *list) {
  cs_keeper_enter(list, cs_keeper_idle);
  list->count = list->used = 0;
}

int cs_keeper_add(struct cs_keeper_list *list, uint64_t address, const void *bytes, size_t size) {
  if (entry_bytes(size) > list->room - list->used)
    return -ENOSPC;
  unsigned char *entry = list->writes + list->used;
  const uint64_t head[2] = {address, size};
  memcpy(entry, head, sizeof head);
  memcpy(entry + sizeof head, bytes, size);
  list->used += entry_bytes(size);
  list->count++;
  return 0;
}

void cs_keeper_enter(struct cs_keeper_list *list, enum cs_keeper_state state) {
  __atomic_store_n(&list->state, (uint64_t)state, __ATOMIC_RELEASE);
}

void cs_keeper_dismiss(pid_t keeper, int pipe, struct cs_keeper_list *list) {
  (void)!write(pipe, "d", 1);
  close(pipe);
  waitpid(keeper, NULL, 0);
  munmap(list, sizeof *list + list->room);
}
