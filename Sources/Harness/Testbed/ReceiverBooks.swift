// What a node's kernel says of the packets that it threw away, from /proc/net/snmp of its namespace.

package import Linux

extension Node {
    /// UDP datagrams and TCP segments that arrived with a wrong checksum since the node was made.
    package func checksumErrors() throws(SyscallError) -> Int {
        let text = try perform { () throws(SyscallError) in
            try File.text(of: "/proc/thread-self/net/snmp")
        }
        return ["Udp:", "Tcp:"].reduce(0) { $0 + Self.figure("InCsumErrors", $1, in: text) }
    }

    /// The file has two lines for each protocol: the names of its figures, then the figures.
    private static func figure(_ name: String, _ head: String, in text: String) -> Int {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix(head) }
            .map { $0.split(separator: " ") }
        guard lines.count == 2, let column = lines[0].firstIndex(of: Substring(name)),
            column < lines[1].count
        else { return 0 }
        return Int(lines[1][column]) ?? 0
    }
}
