#ifndef FL_TIMER_SLACK_H
#define FL_TIMER_SLACK_H

/// prctl(PR_SET_TIMERSLACK): variadic, so Swift cannot call it. Affects the calling thread.
void fl_set_timer_slack(unsigned long nanoseconds);

#endif
