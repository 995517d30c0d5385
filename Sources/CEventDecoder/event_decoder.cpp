#include "event_decoder.h"
