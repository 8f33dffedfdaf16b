#include "packet_calls.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

int fl_ethtool_set(int socket, const char *link, uint32_t command, uint32_t value) {
    struct ethtool_value setting = {.cmd = command, .data = value};
    struct ifreq request = {.ifr_data = (char *)&setting};
    strncpy(request.ifr_name, link, IFNAMSIZ - 1);
    return ioctl(socket, SIOCETHTOOL, &request);
}
