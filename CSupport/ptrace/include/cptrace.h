// ptrace(2), process memory and process start for the Tracee module. Every function returns 0 or a
// non-negative result, or a negated errno.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cs_registers {
  uint64_t general[16];  // DWARF order: rax rdx rcx rbx rsi rdi rbp rsp r8…r15
  uint64_t rip, eflags, fs_base;
  int64_t orig_rax;
};

// With PTRACE_O_TRACESYSGOOD, which tells system call stops from SIGTRAP, and nothing else.
int cs_seize(pid_t tid);
int cs_interrupt(pid_t tid);
int cs_detach(pid_t tid, int signal);
int cs_continue(pid_t tid, int signal);
int cs_continue_to_syscall(pid_t tid, int signal);
int cs_get_registers(pid_t tid, struct cs_registers *out);
// Changes what `in` names; segment registers and the rest stay as they are.
int cs_set_registers(pid_t tid, const struct cs_registers *in);
// Changes rax alone: what a system call returns.
int cs_set_result(pid_t tid, int64_t value);
int cs_get_xstate(pid_t tid, void *buffer, size_t size);
int cs_set_xstate(pid_t tid, const void *buffer, size_t size);
int cs_get_signal_mask(pid_t tid, uint64_t *out);
int cs_set_signal_mask(pid_t tid, uint64_t mask);
// What brought the signal that a thread is stopped by: 1 and the fault address in `out` if the thread's
// own instruction or its own raise(3) did, 0 if somebody else sent it.
int cs_fault(pid_t pid, pid_t tid, uint64_t *out);
// Pokes `size` bytes, a multiple of 8 at an 8-aligned address, into a stopped thread's memory.
int cs_poke(pid_t tid, uint64_t address, const void *bytes, size_t size);
// Waits without blocking: 0 nothing yet, tid if `status` was filled.
int cs_wait(pid_t tid, int *status);
ssize_t cs_read_memory(pid_t pid, uint64_t address, void *buffer, size_t size);
// Reads pieces `first` and the `count` - 1 after it, at most 1024, one behind the other into `buffer`
// from `offset` on.
// Returns how many bytes were read before the first that could not be.
ssize_t cs_read_pieces(pid_t pid, const uint64_t *starts, const size_t *sizes, size_t first,
                       size_t count, void *buffer, size_t offset);
int cs_shares_memory(pid_t first, pid_t second);
// A perf_event execute breakpoint for one thread, readable by poll(2) once it was hit; `ring` must be
// given back to cs_watch_close.
int cs_watch_open(pid_t tid, uint64_t address, void **ring);
void cs_watch_close(int descriptor, void *ring);
int cs_eventfd(void);
// Forgets what made the descriptor readable.
void cs_watch_clear(void *ring);
int cs_pidfd_open(pid_t pid);
// Starts a program; an exec failure is returned as its negated errno.
int cs_spawn(const char *path, char *const *argv, char *const *envp, const char *directory,
             int standard_input, int standard_output, int standard_error, int new_session);
void cs_name_this_thread(const char *name);
pid_t cs_this_thread(void);

// malloc_trim(3).
void cs_release_memory(void);

// What a keeper may have to do if we die; in memory shared with it.
struct cs_keeper_list {
  uint64_t state;  // one of cs_keeper_state
  uint64_t count;
  uint64_t used, room;  // of writes, in bytes
  unsigned char writes[];  // each an address, a size, and so many bytes, padded to 8
};
enum cs_keeper_state {
  cs_keeper_idle,     // nothing
  cs_keeper_going,    // send SIGCONT: the target is perhaps stopped, and nothing, or all, is written
  cs_keeper_writing,  // make all writes, then send SIGCONT
};
// Forks a keeper: if we die before cs_keeper_dismiss, it does what its list says. Returns its pid;
// `pipe` is how it knows that we live.
pid_t cs_keeper_start(pid_t target, size_t room, int *pipe, struct cs_keeper_list **list);
// Empties the list.
void cs_keeper_clear(struct cs_keeper_list *list);
// Puts one write more into the list; -ENOSPC if there is no room.
int cs_keeper_add(struct cs_keeper_list *list, uint64_t address, const void *bytes, size_t size);
void cs_keeper_enter(struct cs_keeper_list *list, enum cs_keeper_state state);
void cs_keeper_dismiss(pid_t keeper, int pipe, struct cs_keeper_list *list);
