#include "datagrams.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static int at_most(int count) { return count < fl_datagrams_max ? count : fl_datagrams_max; }

int fl_receive_datagrams(int socket, struct fl_datagram *datagrams, int count) {
    struct mmsghdr headers[fl_datagrams_max];
    struct iovec vectors[fl_datagrams_max];
    struct sockaddr_in addresses[fl_datagrams_max];
    count = at_most(count);
    memset(headers, 0, sizeof headers[0] * (size_t)count);
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){datagrams[i].bytes, datagrams[i].room};
        headers[i].msg_hdr.msg_name = &addresses[i];
        headers[i].msg_hdr.msg_namelen = sizeof addresses[i];
        headers[i].msg_hdr.msg_iov = &vectors[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    int received = recvmmsg(socket, headers, (unsigned)count, MSG_DONTWAIT, 0);
    for (int i = 0; i < received; i++) {
        datagrams[i].count = headers[i].msg_len;
        datagrams[i].address = addresses[i].sin_addr.s_addr;
        datagrams[i].port = addresses[i].sin_port;
        datagrams[i].is_cut = (headers[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    }
    return received;
}

int fl_send_datagrams(int socket, const struct fl_datagram *datagrams, int count) {
    struct mmsghdr headers[fl_datagrams_max];
    struct iovec vectors[fl_datagrams_max];
    struct sockaddr_in addresses[fl_datagrams_max];
    count = at_most(count);
    memset(headers, 0, sizeof headers[0] * (size_t)count);
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){datagrams[i].bytes, datagrams[i].count};
        addresses[i] = (struct sockaddr_in){
            .sin_family = AF_INET,
            .sin_port = datagrams[i].port,
            .sin_addr = {datagrams[i].address},
        };
        headers[i].msg_hdr.msg_name = &addresses[i];
        headers[i].msg_hdr.msg_namelen = sizeof addresses[i];
        headers[i].msg_hdr.msg_iov = &vectors[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    return sendmmsg(socket, headers, (unsigned)count, MSG_DONTWAIT);
}
