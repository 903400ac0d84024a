/* Loaded ahead of the C library (LD_PRELOAD): kills the process, as kill -9 does, at the n-th call
   by which it changes anything below a folder, after a part of the bytes where that call is a
   write. FAULT_UNDER is the folder, FAULT_AT is "n share only" with the share in percent and only =
   1 where nothing but writes shall count, and FAULT_LOG a file for one line: the call at which it
   died, or how many there were. The processes of trials live. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *under, *report;
static int at, share, only, calls;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void say(const char *what, size_t part, size_t all) {
  char line[100];
  int len = snprintf(line, sizeof line, "%s %zu of %zu in call %d\n", what, part, all, calls);
  int fd = open(report, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || REAL(write)(fd, line, (size_t)len) < 0) abort();
  close(fd);
}

__attribute__((constructor)) static void begin(void) {
  const char *moment = getenv("FAULT_AT");
  under = getenv("FAULT_UNDER");
  report = getenv("FAULT_LOG");
  if (getenv("SSLKIT_SWEEP_STORE") || !moment || !report) under = NULL;
  if (under && sscanf(moment, "%d %d %d", &at, &share, &only) != 3) abort();
}

__attribute__((destructor)) static void end(void) {
  if (under) say("none", 0, 0);
}

static int is_ours(const char *path) { return under && strncmp(path, under, strlen(under)) == 0; }

static int is_ours_open(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = under ? readlink(link, path, sizeof path - 1) : -1;
  if (n < 0) return 0;
  path[n] = 0;
  return is_ours(path);
}

static void die(const char *what, size_t part, size_t all) {
  say(what, part, all);
  kill(getpid(), SIGKILL);
}

ssize_t write(int fd, const void *bytes, size_t size) {
  if (is_ours_open(fd) && ++calls == at) {
    size_t part = size * (size_t)share / 100;
    if (REAL(write)(fd, bytes, part) < 0) abort();
    die("write", part, size);
  }
  return REAL(write)(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  if (is_ours_open(fd) && ++calls == at) {
    size_t part = pieces[0].iov_len * (size_t)share / 100;
    if (REAL(write)(fd, pieces[0].iov_base, part) < 0) abort();
    die("write", part, pieces[0].iov_len);
  }
  return REAL(writev)(fd, pieces, count);
}

/* Before the call for half of the shares, and after it for the others. */
#define AROUND(ours, what, call)                                                                   \
  int counted = !only && (ours) && ++calls == at, result;                                          \
  if (counted && share < 50) die(what, 0, 1);                                                      \
  result = call;                                                                                   \
  if (counted) die(what, 1, 1);                                                                    \
  return result

int fsync(int fd) { AROUND(is_ours_open(fd), "fsync", REAL(fsync)(fd)); }
int fdatasync(int fd) { AROUND(is_ours_open(fd), "fdatasync", REAL(fdatasync)(fd)); }
int ftruncate(int fd, off_t size) {
  AROUND(is_ours_open(fd), "truncate", REAL(ftruncate)(fd, size));
}
int rename(const char *from, const char *to) {
  AROUND(is_ours(to), "rename", REAL(rename)(from, to));
}
int mkdir(const char *path, mode_t mode) {
  AROUND(is_ours(path), "mkdir", REAL(mkdir)(path, mode));
}
