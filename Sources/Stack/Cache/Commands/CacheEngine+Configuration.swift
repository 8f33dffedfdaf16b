// CONFIG: the few parameters that redis-benchmark and monitoring ask for, and the memory limit, which may be
// changed while the server runs.

extension CacheEngine {
    mutating func config(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        if call.word(1, is: "GET"), call.count >= 3 {
            getParameters(call, into: &reply)
        } else if call.word(1, is: "SET"), call.count == 4 {
            try setParameter(call)
            reply.ok()
        } else if call.word(1, is: "RESETSTAT"), call.count == 2 {
            resetStatistics()
            reply.ok()
        } else {
            throw .unknownSubcommand(call.text(1), of: .config)
        }
    }

    private var parameters: [(name: String, value: String)] {
        [
            ("appendonly", "no"),
            ("databases", "1"),
            ("maxclients", "\(facts.clientsMax)"),
            ("maxmemory", "\(keyspace.memoryLimit)"),
            ("maxmemory-policy", "allkeys-lru"),
            ("port", "\(facts.port)"),
            ("save", ""),
        ]
    }

    private func getParameters(_ call: borrowing CommandCall, into reply: inout ReplyBuffer) {
        var found: [(name: String, value: String)] = []
        for word in 2..<call.count {
            let pattern = [UInt8](call.text(word).lowercased().utf8)
            for parameter in parameters
            where !found.contains(where: { $0.name == parameter.name })
                && Pattern.matches([UInt8](parameter.name.utf8)[...], pattern[...])
            { found.append(parameter) }
        }
        reply.arrayHeader(count: 2 * found.count)
        for parameter in found {
            reply.bulk(parameter.name)
            reply.bulk(parameter.value)
        }
    }

    private mutating func setParameter(_ call: borrowing CommandCall) throws(CommandError) {
        guard call.word(2, is: "MAXMEMORY") else { throw .unknownParameter(call.text(2)) }
        guard let limit = MemorySize.parse(call.text(3)) else {
            throw .invalidParameter(call.text(2))
        }
        keyspace.setMemoryLimit(limit)
    }

    private mutating func resetStatistics() {
        keyspace.statistics = KeyspaceStatistics()
        for index in calls.indices {
            calls[index] = 0
            failures[index] = 0
        }
        facts.connectionsReceived = 0
        facts.connectionsRejected = 0
        facts.slowReadersClosed = 0
    }
}

/// The `*` and `?` of Redis' patterns.
enum Pattern {
    static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == UInt8(ascii: "*") {
            if matches(text, rest) { return true }
            return !text.isEmpty && matches(text.dropFirst(), pattern)
        }
        guard let head = text.first else { return false }
        return (first == UInt8(ascii: "?") || first == head) && matches(text.dropFirst(), rest)
    }
}

/// Sizes as redis.conf writes them: `k` is 1000, `kb` is 1024.
enum MemorySize {
    private static let units: [String: Int] = [
        "": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20,
        "g": 1_000_000_000, "gb": 1 << 30,
    ]

    static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).lowercased()
        guard let number = Int(digits), let scale = units[unit] else { return nil }
        let (size, overflow) = number.multipliedReportingOverflow(by: scale)
        return overflow ? nil : size
    }
}
