#pragma once
// What of the C library Swift's Glibc module leaves out.
#include <malloc.h>
#include <stdio.h>

// What was printed and could not be written, now or before. Swift does not let stdout be named.
static inline int polyrhythm_output_is_lost(void) {
  return fflush(stdout) != 0 || ferror(stdout) != 0;
}
