#ifndef FL_EXECUTOR_HOOK_H
#define FL_EXECUTOR_HOOK_H

/// Sends every job for the Swift runtime's global executor to `enqueue` instead; C, because the
/// hook is a variable of the runtime with the Swift calling convention.
void fl_set_global_enqueue(void (*_Nonnull enqueue)(void *_Nonnull job));

#endif
