#ifndef FL_CLINUX_H
#define FL_CLINUX_H

#include "child.h"
#include "datagrams.h"
#include "errno_names.h"
#include "event_calls.h"
#include "executor_hook.h"
#include "fuse_calls.h"
#include "namespaces.h"
#include "packet_calls.h"
#include "timer_slack.h"

#endif
