#ifndef FL_CLINUX_H
#define FL_CLINUX_H

#include "errno_names.h"

#endif
