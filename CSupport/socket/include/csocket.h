#pragma once
// Unix sockets, and the few other system calls that talking needs and Swift cannot make.
// Every function returns a negative errno on failure. No logic.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// A non-blocking, listening stream socket bound to path, with the given mode.
int cs_listen(const char *path, int backlog, mode_t mode);

// A non-blocking stream socket connected to path.
int cs_connect(const char *path);

// The next connection, non-blocking.
int cs_accept(int listener);

// SO_PEERCRED.
int cs_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid);

// Never blocks, never raises SIGPIPE; the count of bytes.
ssize_t cs_send(int fd, const void *bytes, size_t count);
ssize_t cs_receive(int fd, void *bytes, size_t count);

// An eventfd: readable once signalled, until drained.
int cs_event(void);
void cs_event_signal(int fd);
void cs_event_drain(int fd);

// poll(2) over two descriptors (the second may be -1); restarted on EINTR with the whole timeout.
// Returns the count of ready ones; revents are stored through the pointers.
int cs_poll(int fd1, short events1, short *ready1, int fd2, short *ready2, int timeout_ms);

// Opens path as a directory, for /proc/self/fd/N/name addresses.
int cs_open_directory(const char *path);

// Opens and creates path, and takes a write lock on it without waiting; the descriptor.
int cs_lock(const char *path);

// Starts argv[0], a path, as a detached process: own session, reparented to init, no signal
// blocked, the caller's environment if envp is NULL and directory if that is. Descriptors:
// 0 from /dev/null, 1 and 2 to output (or /dev/null if -1), `passed` becomes 3 (unless -1), all
// others closed. The process ID, or the errno of exec.
pid_t cs_spawn_detached(
    char *const argv[], char *const envp[], const char *directory, int output, int passed);

// A descriptor for a process, and a signal to it that cannot hit another process of that ID.
int cs_pidfd(pid_t pid);
int cs_pidfd_signal(int pidfd, int signal);

// From now on, `signal` writes its number as one byte to fd. One fd for the whole process.
int cs_signal_to(int signal, int fd);

// A new thread that runs body(context), with all signals blocked; never joined.
int cs_thread(void (*body)(void *), void *context);

// A pipe, both ends closed on exec, neither blocking if `nonblocking`.
int cs_pipe(int ends[2], int nonblocking);

// lstat(2) as the fields that a directory check needs; mode has the file type.
int cs_owner(const char *path, uid_t *uid, mode_t *mode);

// Makes a descriptor that was passed to this process non-blocking and closed on exec, and stores the
// path that it listens at, at most size bytes. -EINVAL unless it is a listening Unix stream socket.
int cs_adopt_listener(int fd, char *path, size_t size);

// For good: the groups of this process become gid alone, and its user uid.
int cs_become(uid_t uid, gid_t gid);

// Starts argv[0], looked up in PATH, in a session of its own with the caller's environment: no
// signal blocked or ignored, 0 and 1 are `talk`, 2 is `errors`. The child, to be waited for.
pid_t cs_spawn_talking(char *const argv[], int talk, int errors);

// A connected pair of stream sockets, closed on exec; the first one does not block.
int cs_socket_pair(int ends[2]);

// read(2) and write(2), again after EINTR; the count of bytes. SIGPIPE is the caller's business.
ssize_t cs_write(int fd, const void *bytes, size_t count);
ssize_t cs_read(int fd, void *bytes, size_t count);
