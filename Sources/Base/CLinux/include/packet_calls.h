#ifndef FL_PACKET_CALLS_H
#define FL_PACKET_CALLS_H

#include <stdint.h>

// Swift's Glibc module leaves these headers out.
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>

/// ioctl(2) SIOCETHTOOL with an ethtool_value: variadic, and the request hangs off a pointer.
int fl_ethtool_set(int socket, const char *_Nonnull link, uint32_t command, uint32_t value);

/// An atomic load and store of a word that the kernel shares: C11 atomics on mapped memory.
static inline uint32_t fl_load_acquire(const volatile uint32_t *_Nonnull word) {
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}
static inline void fl_store_release(volatile uint32_t *_Nonnull word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

#endif
