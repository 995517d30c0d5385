#pragma once
// What of the C library Swift's Glibc module leaves out.
#include <malloc.h>
