// Processes and descriptors for the PupProtocol module, beside csocket.c; no logic.
#include "csocket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int cs_adopt_listener(int fd, char *path, size_t size) {
  int listens = 0, type = 0;
  socklen_t length = sizeof listens;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) < 0) return -errno;
  length = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return -errno;
  struct sockaddr_un where;
  memset(&where, 0, sizeof where);
  length = sizeof where;
  if (getsockname(fd, (struct sockaddr *)&where, &length) < 0) return -errno;
  if (!listens || type != SOCK_STREAM || where.sun_family != AF_UNIX) return -EINVAL;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -errno;
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) return -errno;
  // A path of the full length has no NUL.
  size_t count = length - offsetof(struct sockaddr_un, sun_path);
  count = strnlen(where.sun_path, count);
  if (count >= size) return -ENAMETOOLONG;
  memcpy(path, where.sun_path, count);
  path[count] = 0;
  return 0;
}

int cs_become(uid_t uid, gid_t gid) {
  if (setgroups(1, &gid) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
    return -errno;
  return 0;
}

pid_t cs_spawn_talking(char *const argv[], int talk, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, defaults;
  sigemptyset(&none);
  sigfillset(&defaults);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_adddup2(&actions, talk, 0);
  posix_spawn_file_actions_adddup2(&actions, talk, 1);
  posix_spawn_file_actions_adddup2(&actions, errors, 2);
  pid_t pid = 0;
  int code = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return code ? -code : pid;
}

int cs_socket_pair(int ends[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return -errno;
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) return -errno;
  return 0;
}

ssize_t cs_read(int fd, void *bytes, size_t count) {
  ssize_t got;
  do got = read(fd, bytes, count);
  while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

ssize_t cs_write(int fd, const void *bytes, size_t count) {
  ssize_t sent;
  do sent = write(fd, bytes, count);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}
