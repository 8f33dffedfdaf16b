#ifndef FL_DATAGRAMS_H
#define FL_DATAGRAMS_H

#include <stdint.h>

// recvmmsg(2) and sendmmsg(2) are behind _GNU_SOURCE, and their vectors of vectors of pointers are
// easier to fill here than in Swift.

/// One datagram of IPv4: its bytes and the other end.
struct fl_datagram {
    void *_Nullable bytes;
    /// How much there is room for, and how much there is.
    uint32_t room;
    uint32_t count;
    /// In network order.
    uint32_t address;
    uint16_t port;
    /// The kernel had more than there was room for.
    uint16_t is_cut;
};

/// The most that one call takes.
enum { fl_datagrams_max = 64 };

/// recvmmsg(2) without waiting; the number of datagrams received, or -1.
int fl_receive_datagrams(int socket, struct fl_datagram *_Nullable datagrams, int count);
/// sendmmsg(2) without waiting; the number of datagrams sent, or -1.
int fl_send_datagrams(int socket, const struct fl_datagram *_Nullable datagrams, int count);

#endif
