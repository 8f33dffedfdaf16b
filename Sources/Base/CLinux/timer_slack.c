#include "timer_slack.h"

#include <sys/prctl.h>

void fl_set_timer_slack(unsigned long nanoseconds) { prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }
