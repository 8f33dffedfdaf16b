// Kernel settings of the namespaces. A new namespace copies some of the host's, so what matters is
// set here whatever the host has. Writing /proc/sys/net acts on the calling thread's namespace.

import Linux

/// Settings of the calling thread's network namespace.
enum Kernel {
    /// A router that forwards what it gets, whichever way it came.
    static func configureRouter() throws(SyscallError) {
        try withoutIPv6()
        for scope in ["all", "default"] {
            // Emulated packets come back by another link than they went: no reverse path check
            // (RFC 3704), and no redirect that would tell a node of a shorter way.
            try set("ipv4/conf/\(scope)/rp_filter", "0")
            try set("ipv4/conf/\(scope)/send_redirects", "0")
            try set("ipv4/conf/\(scope)/accept_redirects", "0")
        }
        try set("ipv4/ip_forward", "1")
    }

    static func configureNode() throws(SyscallError) {
        try withoutIPv6()
        // 55,000 connections to one address rather than 28,000.
        try set("ipv4/ip_local_port_range", "10000 65000")
        // A node holds no capability, and DNS is still served on port 53.
        try set("ipv4/ip_unprivileged_port_start", "0")
    }

    /// No router solicitation or neighbour discovery among the packets; a kernel may lack IPv6.
    static func withoutIPv6() throws(SyscallError) {
        for scope in ["all", "default"] where File.exists("/proc/sys/net/ipv6") {
            try set("ipv6/conf/\(scope)/disable_ipv6", "1")
        }
    }

    private static func set(_ name: String, _ value: String) throws(SyscallError) {
        try File.write(value, to: "/proc/sys/net/\(name)")
    }
}
