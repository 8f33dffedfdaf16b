#ifndef FL_ERRNO_NAMES_H
#define FL_ERRNO_NAMES_H

// glibc hides both behind _GNU_SOURCE, which Swift's importer does not define.

/// The symbolic name of an error number, as "ENOENT"; null when glibc knows none.
const char *_Nullable fl_errno_name(int number);
/// What an error number means, untranslated; null when glibc knows none.
const char *_Nullable fl_errno_text(int number);

#endif
