/*
 * Preloaded into the broker: writes down what it writes to one file and when it syncs it, and lets writes and syncs fail on demand.
 *
 *   SHIM_FILE   the file that is watched, by its path
 *   SHIM_LOG    gets one record per write and sync: a header of six 32-bit numbers (mark, kind, offset low and high, length, 0) and,
 *               of a write, the bytes. A record is there before the call returns.
 *   SHIM_FAULT  one byte: '0' all is well, 'S' writes fail with ENOSPC, 'H' the first half is written and the rest fails with ENOSPC,
 *               'E' writes fail with EIO, 'F' syncs fail with EIO, 'M' writes that are synced by themselves fail with EIO
 *
 * One call at a time, so that the order of the log is the order in which things happened. Linux, and any libc that loads libraries.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MARK = 0x584d4c42, WRITE = 1, WRITE_THROUGH = 2, SYNC = 3, TRUNCATE = 4, MAX_PARTS = 1024 };

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *path;
static const volatile char *fault = "0";
static int logFile = -1;

static void __attribute__((constructor)) begin(void) {
  const char *log = getenv("SHIM_LOG"), *faults = getenv("SHIM_FAULT");
  path = getenv("SHIM_FILE");
  if (log) logFile = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (!faults) return;
  int file = syscall(SYS_openat, AT_FDCWD, faults, O_RDONLY | O_CLOEXEC);
  void *map = mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0);
  if (map != MAP_FAILED) fault = map;
}

static int watched(int fd) {
  struct stat ours, theirs;
  return path && fd > 2 && fstat(fd, &theirs) == 0 && S_ISREG(theirs.st_mode) && stat(path, &ours) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

static void record(uint32_t kind, uint64_t offset, uint32_t length, const struct iovec *parts, int count) {
  if (logFile < 0) return;
  uint32_t header[6] = {MARK, kind, (uint32_t)offset, (uint32_t)(offset >> 32), length, 0};
  struct iovec all[MAX_PARTS + 1] = {{header, sizeof header}};
  uint32_t left = length;
  int used = 1;
  for (int i = 0; i < count && left > 0; i++, used++) {
    all[used] = parts[i];
    if (all[used].iov_len > left) all[used].iov_len = left;
    left -= all[used].iov_len;
  }
  uint32_t expected = sizeof header + length;
  if (syscall(SYS_writev, logFile, all, used) != (long)expected) abort();
}

static ssize_t fails(int error) {
  errno = error;
  return -1;
}

/* offset < 0: where the file stands, which then moves on */
static ssize_t put(int fd, const struct iovec *parts, int count, off_t offset) {
  struct iovec some[MAX_PARTS];
  size_t length = 0;
  if (count > MAX_PARTS) count = MAX_PARTS; /* a short write: the caller goes on */
  int isWriteThrough = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
  for (int i = 0; i < count; i++) length += parts[i].iov_len;
  if (*fault == 'S' || (*fault == 'H' && length < 1024)) return fails(ENOSPC);
  if (*fault == 'E' || (*fault == 'M' && isWriteThrough)) return fails(EIO);
  if (*fault == 'H') {
    size_t left = length / 2 & ~(size_t)511;
    for (int i = 0; i < count; i++) {
      some[i] = parts[i];
      if (some[i].iov_len > left) some[i].iov_len = left;
      left -= some[i].iov_len;
    }
    parts = some;
  }
  uint64_t at = offset < 0 ? (uint64_t)syscall(SYS_lseek, fd, 0, SEEK_CUR) : (uint64_t)offset;
  ssize_t written = syscall(SYS_pwritev, fd, parts, count, at, 0);
  int error = errno;
  if (written > 0) {
    if (offset < 0) syscall(SYS_lseek, fd, at + written, SEEK_SET);
    record(isWriteThrough ? WRITE_THROUGH : WRITE, at, (uint32_t)written, parts, count);
  }
  errno = error;
  return written;
}

static ssize_t putInTurn(int fd, const struct iovec *parts, int count, off_t offset) {
  pthread_mutex_lock(&turn);
  ssize_t written = put(fd, parts, count, offset);
  pthread_mutex_unlock(&turn);
  return written;
}

static int syncInTurn(int fd, long call) {
  if (!watched(fd)) return syscall(call, fd);
  pthread_mutex_lock(&turn);
  int result = *fault == 'F' ? (int)fails(EIO) : (int)syscall(call, fd);
  if (result == 0) record(SYNC, 0, 0, NULL, 0);
  pthread_mutex_unlock(&turn);
  return result;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  if (!watched(fd)) return syscall(SYS_write, fd, bytes, length);
  struct iovec part = {(void *)bytes, length};
  return putInTurn(fd, &part, 1, -1);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return watched(fd) ? putInTurn(fd, parts, count, -1) : syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  if (!watched(fd)) return syscall(SYS_pwrite64, fd, bytes, length, offset);
  struct iovec part = {(void *)bytes, length};
  return putInTurn(fd, &part, 1, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return watched(fd) ? putInTurn(fd, parts, count, offset) : syscall(SYS_pwritev, fd, parts, count, offset, 0);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return pwrite(fd, bytes, length, offset); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev(fd, parts, count, offset); }

int fdatasync(int fd) { return syncInTurn(fd, SYS_fdatasync); }
int fsync(int fd) { return syncInTurn(fd, SYS_fsync); }

int ftruncate(int fd, off_t length) {
  if (!watched(fd)) return syscall(SYS_ftruncate, fd, length);
  pthread_mutex_lock(&turn);
  int result = syscall(SYS_ftruncate, fd, length);
  if (result == 0) record(TRUNCATE, length, 0, NULL, 0);
  pthread_mutex_unlock(&turn);
  return result;
}

int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

/* What is written through memory would go unseen. */
void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
  if (fd > 2 && (protection & PROT_WRITE) && (flags & MAP_TYPE) != MAP_PRIVATE && watched(fd)) {
    fprintf(stderr, "shim: %s is mapped for writing, which it cannot watch\n", path);
    abort();
  }
  return (void *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
  return mmap(at, length, protection, flags, fd, offset);
}
