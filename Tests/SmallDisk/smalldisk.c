// A disk with little room, for whoever cannot mount one. Preloaded into a process, it lets files below
// SMALL_DISK_ROOT grow by as many bytes as the file SMALL_DISK_FREE says (a native int64, shared by all
// processes that have it mapped), then fails as a full disk does: with a short write, or ENOSPC. What
// is overwritten in place costs nothing. A negative number is a disk with all the room there is.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic int64_t *room;
static const char *root;

__attribute__((constructor)) static void begin(void) {
  root = getenv("SMALL_DISK_ROOT");
  const char *path = getenv("SMALL_DISK_FREE");
  if (!root || !path) return;
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *page = mmap(NULL, sizeof *room, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (page != MAP_FAILED) room = page;
}

// How many of `count` bytes at `position` fit; negative where none of them do.
static ssize_t fitting(int file, size_t count, off_t position) {
  if (!room || atomic_load(room) < 0 || count == 0) return (ssize_t)count;
  int known = errno;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  struct stat status;
  int concerns = length > 0 && (path[length] = 0, strncmp(path, root, strlen(root)) == 0) &&
                 fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  errno = known;
  if (!concerns) return (ssize_t)count;
  if (position < 0) {
    position = fcntl(file, F_GETFL) & O_APPEND ? status.st_size : lseek(file, 0, SEEK_CUR);
  }
  int64_t growth = (int64_t)position + (int64_t)count - (int64_t)status.st_size;
  if (growth <= 0) return (ssize_t)count;
  int64_t free_bytes = atomic_load(room), taken;
  do {
    if (free_bytes < 0) return (ssize_t)count;
    taken = growth < free_bytes ? growth : free_bytes;
  } while (!atomic_compare_exchange_weak(room, &free_bytes, free_bytes - taken));
  ssize_t fits = (ssize_t)count - (ssize_t)(growth - taken);
  if (fits > 0) return fits;
  errno = ENOSPC;
  return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t count) {
  ssize_t fits = fitting(file, count, -1);
  return fits < 0 ? -1 : REAL(write)(file, bytes, (size_t)fits);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t position) {
  ssize_t fits = fitting(file, count, position);
  return fits < 0 ? -1 : REAL(pwrite)(file, bytes, (size_t)fits, position);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t position) {
  return pwrite(file, bytes, count, position);
}

static ssize_t vector(int file, const struct iovec *parts, int count, off_t position) {
  size_t total = 0;
  for (int i = 0; i < count; i++) total += parts[i].iov_len;
  ssize_t fits = fitting(file, total, position);
  if (fits < 0) return -1;
  if ((size_t)fits == total) {
    return position < 0 ? REAL(writev)(file, parts, count)
                        : REAL(pwritev)(file, parts, count, position);
  }
  // A short write may be as short as its first part.
  size_t first = parts[0].iov_len < (size_t)fits ? parts[0].iov_len : (size_t)fits;
  return position < 0 ? REAL(write)(file, parts[0].iov_base, first)
                      : REAL(pwrite)(file, parts[0].iov_base, first, position);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  return vector(file, parts, count, -1);
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t position) {
  return vector(file, parts, count, position);
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t position) {
  return vector(file, parts, count, position);
}

int posix_fallocate(int file, off_t position, off_t length) {
  if (fitting(file, (size_t)length, position) < length) return ENOSPC;
  return REAL(posix_fallocate)(file, position, length);
}

int posix_fallocate64(int file, off64_t position, off64_t length) {
  return posix_fallocate(file, position, length);
}
