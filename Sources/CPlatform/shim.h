#pragma once
// What of the C library Swift's Glibc module leaves out.
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/stat.h>

// What was printed and could not be written, now or before. Swift does not let stdout be named.
static inline int polyrhythm_output_is_lost(void) {
  return fflush(stdout) != 0 || ferror(stdout) != 0;
}

// Milliseconds since 1970 at which an open file was made; -1 where the file system does not keep that.
static inline int64_t polyrhythm_birth_time(int descriptor) {
  struct statx status;
  const int empty_path = 0x1000;  // AT_EMPTY_PATH, which glibc shows to its own extensions only.
  if (syscall(SYS_statx, descriptor, "", empty_path, STATX_BTIME, &status) != 0) return -1;
  if ((status.stx_mask & STATX_BTIME) == 0) return -1;
  return (int64_t)status.stx_btime.tv_sec * 1000 + status.stx_btime.tv_nsec / 1000000;
}
