#include "executor_hook.h"

typedef __attribute__((swiftcall)) void (*fl_enqueue)(void *job);

extern __attribute__((swiftcall)) void (*swift_task_enqueueGlobal_hook)(void *job, fl_enqueue original);

static void (*fl_target)(void *job);

static __attribute__((swiftcall)) void fl_forward(void *job, fl_enqueue original) {
    (void)original;
    fl_target(job);
}

void fl_set_global_enqueue(void (*enqueue)(void *job)) {
    fl_target = enqueue;
    swift_task_enqueueGlobal_hook = fl_forward;
}
