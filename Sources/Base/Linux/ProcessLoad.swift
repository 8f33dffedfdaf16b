// What the kernel has counted of one process since its start: time on a core, time spent waiting for one,
// bytes sent to disks. proc(5), and Documentation/scheduler/sched-stats.rst for schedstat.

/// Counters of one process, all its threads together where nothing else is said.
package struct ProcessLoad: Equatable, Sendable {
    /// On a core.
    package var ran: Duration
    /// Its first thread: ready to run, and no core free for it. A tier's loop is that thread; those
    /// beside it, which wait for disks, would count the same wait several times.
    package var waited: Duration
    /// Caused to be written to disks, write_bytes of /proc/<pid>/io.
    package var diskWrites: Int64
    package var residentBytes: Int

    /// Nil when there is no such process.
    package init?(pid: Int32) {
        let tasks = "/proc/\(pid)/task"
        guard let threads = try? File.list(tasks), !threads.isEmpty,
            let memory = try? File.text(of: "/proc/\(pid)/statm")
        else { return nil }
        (ran, waited) = (.zero, .zero)
        for thread in threads {
            guard let text = try? File.text(of: "\(tasks)/\(thread)/schedstat"),
                let times = Self.times(text)
            else { continue }
            ran += times.ran
            if thread == "\(pid)" { waited = times.waited }
        }
        diskWrites = (try? File.text(of: "/proc/\(pid)/io")).flatMap(Self.written) ?? 0
        let pages = memory.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        residentBytes = pages * 4096
    }

    /// Reads `ran waited slices`, the times in nanoseconds.
    static func times(_ schedstat: String) -> (ran: Duration, waited: Duration)? {
        let words = schedstat.split(whereSeparator: \.isWhitespace).compactMap { Int64($0) }
        guard words.count == 3 else { return nil }
        return (.nanoseconds(words[0]), .nanoseconds(words[1]))
    }

    static func written(_ io: String) -> Int64? {
        io.split(separator: "\n").first { $0.hasPrefix("write_bytes:") }
            .flatMap { Int64($0.dropFirst("write_bytes: ".count)) }
    }
}

/// Pressure stall information, Documentation/accounting/psi.rst.
package enum HostPressure {
    /// Time since boot in which some task waited for a disk; nil where the kernel does not count it.
    package static func diskWait() -> Duration? {
        (try? File.text(of: "/proc/pressure/io")).flatMap(total)
    }

    /// The total of the `some` line, microseconds.
    static func total(_ text: String) -> Duration? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("some ") }),
            let field = line.split(separator: " ").first(where: { $0.hasPrefix("total=") })
        else { return nil }
        return Int64(field.dropFirst("total=".count)).map { .microseconds($0) }
    }
}
