// Sockets for the PupProtocol module; no logic.
#include "csocket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(int fd) {
  int code = errno;
  if (fd >= 0) close(fd);
  return -code;
}

static int address(const char *path, struct sockaddr_un *out) {
  size_t length = strlen(path);
  memset(out, 0, sizeof *out);
  out->sun_family = AF_UNIX;
  if (length == 0 || length >= sizeof out->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(out->sun_path, path, length);
  return 0;
}

static int stream_socket(void) {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int cs_listen(const char *path, int backlog, mode_t mode) {
  struct sockaddr_un where;
  if (address(path, &where) < 0) return fail(-1);
  int fd = stream_socket();
  if (fd < 0) return fail(-1);
  if (bind(fd, (struct sockaddr *)&where, sizeof where) < 0 || chmod(path, mode) < 0 ||
      listen(fd, backlog) < 0)
    return fail(fd);
  return fd;
}

int cs_connect(const char *path) {
  struct sockaddr_un where;
  if (address(path, &where) < 0) return fail(-1);
  int fd = stream_socket();
  if (fd < 0) return fail(-1);
  if (connect(fd, (struct sockaddr *)&where, sizeof where) < 0) return fail(fd);
  return fd;
}

int cs_accept(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return fd < 0 ? fail(-1) : fd;
}

int cs_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return fail(-1);
  *pid = peer.pid;
  *uid = peer.uid;
  *gid = peer.gid;
  return 0;
}

ssize_t cs_send(int fd, const void *bytes, size_t count) {
  ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? -errno : sent;
}

ssize_t cs_receive(int fd, void *bytes, size_t count) {
  ssize_t got = recv(fd, bytes, count, MSG_DONTWAIT);
  return got < 0 ? -errno : got;
}

int cs_event(void) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? fail(-1) : fd;
}

void cs_event_signal(int fd) {
  uint64_t one = 1;
  ssize_t ignored = write(fd, &one, sizeof one);
  (void)ignored;
}

void cs_event_drain(int fd) {
  uint64_t count;
  ssize_t ignored = read(fd, &count, sizeof count);
  (void)ignored;
}

int cs_poll(int fd1, short events1, short *ready1, int fd2, short *ready2, int timeout_ms) {
  struct pollfd set[2] = {{fd1, events1, 0}, {fd2, POLLIN, 0}};
  int count;
  do count = poll(set, 2, timeout_ms);
  while (count < 0 && errno == EINTR);
  if (count < 0) return fail(-1);
  *ready1 = set[0].revents;
  *ready2 = set[1].revents;
  return count;
}

int cs_open_directory(const char *path) {
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? fail(-1) : fd;
}

int cs_lock(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(-1);
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) return fail(fd);
  return fd;
}

// Runs in the grandchild: async-signal-safe calls only.
static void become(
    char *const argv[], char *const envp[], const char *directory, int output, int passed,
    int report) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (directory && chdir(directory) < 0) goto failed;
  // First out of the way of 0 to 4, then into place.
  report = fcntl(report, F_DUPFD_CLOEXEC, 10);
  if (output >= 0) output = fcntl(output, F_DUPFD_CLOEXEC, 10);
  if (passed >= 0) passed = fcntl(passed, F_DUPFD_CLOEXEC, 10);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) null = fcntl(null, F_DUPFD_CLOEXEC, 10);
  if (report < 0 || null < 0) _exit(127);
  dup2(null, 0);
  dup2(output >= 0 ? output : null, 1);
  dup2(output >= 0 ? output : null, 2);
  if (passed >= 0) dup2(passed, 3);
  dup2(report, passed >= 0 ? 4 : 3);
  report = passed >= 0 ? 4 : 3;
  fcntl(report, F_SETFD, FD_CLOEXEC);
  syscall(SYS_close_range, report + 1, ~0U, 0);
  execve(argv[0], argv, envp ? envp : environ);
failed:;
  int code = -errno;
  ssize_t ignored = write(report, &code, sizeof code);
  (void)ignored;
  _exit(127);
}

pid_t cs_spawn_detached(
    char *const argv[], char *const envp[], const char *directory, int output, int passed) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) return fail(-1);
  pid_t child = fork();
  if (child < 0) {
    close(report[0]);
    return fail(report[1]);
  }
  if (child == 0) {
    setsid();
    pid_t grandchild = fork();
    if (grandchild == 0) become(argv, envp, directory, output, passed, report[1]);
    int told = grandchild < 0 ? -errno : grandchild;
    ssize_t ignored = write(report[1], &told, sizeof told);
    (void)ignored;
    _exit(0);
  }
  close(report[1]);
  // Either order: the process ID from the child, and perhaps a negative errno from the grandchild.
  int result = -ECHILD, word;
  ssize_t got;
  while ((got = read(report[0], &word, sizeof word)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof word) break;
    if (result < 0 && result != -ECHILD) continue;
    result = word;
  }
  close(report[0]);
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
  }
  return result;
}

int cs_pidfd(pid_t pid) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  return fd < 0 ? fail(-1) : fd;
}

int cs_pidfd_signal(int pidfd, int signal) {
  return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? fail(-1) : 0;
}

static volatile int signal_fd = -1;

static void on_signal(int number) {
  int saved = errno;
  unsigned char byte = (unsigned char)number;
  ssize_t ignored = write(signal_fd, &byte, 1);
  (void)ignored;
  errno = saved;
}

int cs_signal_to(int signal, int fd) {
  signal_fd = fd;
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigfillset(&action.sa_mask);
  return sigaction(signal, &action, NULL) < 0 ? fail(-1) : 0;
}

struct start {
  void (*body)(void *);
  void *context;
};

static void *thread_main(void *raw) {
  struct start start = *(struct start *)raw;
  free(raw);
  start.body(start.context);
  return NULL;
}

int cs_thread(void (*body)(void *), void *context) {
  struct start *start = malloc(sizeof *start);
  if (!start) return -ENOMEM;
  *start = (struct start){body, context};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int code = pthread_create(&thread, &attributes, thread_main, start);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (code != 0) free(start);
  return -code;
}

int cs_pipe(int ends[2], int nonblocking) {
  return pipe2(ends, O_CLOEXEC | (nonblocking ? O_NONBLOCK : 0)) < 0 ? fail(-1) : 0;
}

int cs_owner(const char *path, uid_t *uid, mode_t *mode) {
  struct stat found;
  if (lstat(path, &found) < 0) return fail(-1);
  *uid = found.st_uid;
  *mode = found.st_mode;
  return 0;
}
