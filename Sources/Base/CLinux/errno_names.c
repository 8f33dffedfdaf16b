#include "errno_names.h"

#include <string.h>

const char *fl_errno_name(int number) { return strerrorname_np(number); }

const char *fl_errno_text(int number) { return strerrordesc_np(number); }
