// CPU and memory of a process, from /proc/<pid>/stat: fields 14, 15 and 24 of proc(5).

package struct ProcessUsage: Sendable {
    /// User and system time in ticks of 1/100 s, which is what USER_HZ is on every Linux.
    package let cpuTicks: UInt64
    package let residentBytes: UInt64

    /// The calling process's.
    package static var own: ProcessUsage? { ProcessUsage("/proc/self/stat") }

    /// Nil when there is no such process.
    package init?(pid: Int32) { self.init("/proc/\(pid)/stat") }

    private init?(_ path: String) {
        guard let text = try? File.text(of: path), let bracket = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: bracket)...].split(separator: " ")
        guard fields.count > 21, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
            let pages = UInt64(fields[21])
        else { return nil }
        cpuTicks = user + system
        residentBytes = pages * 4096
    }
}
