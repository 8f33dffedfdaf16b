#ifndef FL_CLINUX_H
#define FL_CLINUX_H
#endif
