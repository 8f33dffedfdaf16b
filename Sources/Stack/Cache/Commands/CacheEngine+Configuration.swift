// CONFIG: the parameters that redis-benchmark and monitoring ask for, and those that may be changed while the
// server runs: the memory limit and what is evicted by it, and the limits on clients.

import Blueprint

extension CacheEngine {
    mutating func config(
        _ call: borrowing CommandCall, into reply: inout ReplyBuffer
    ) throws(CommandError) {
        if call.word(1, is: "GET"), call.count >= 3 {
            getParameters(call, into: &reply)
        } else if call.word(1, is: "SET"), call.count >= 4, call.count % 2 == 0 {
            for word in stride(from: 2, to: call.count, by: 2) { try setParameter(call, word) }
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
            (
                "client-output-buffer-limit",
                "normal 0 0 0 pubsub \(facts.subscriberOutboundMax) 0 0"
            ),
            ("databases", "1"),
            ("lfu-decay-time", "\(keyspace.frequencyTuning.decayMinutes)"),
            ("lfu-log-factor", "\(keyspace.frequencyTuning.logFactor)"),
            ("maxclients", "\(facts.clientsMax)"),
            ("maxmemory", "\(keyspace.memoryLimit)"),
            ("maxmemory-policy", keyspace.policy.rawValue),
            ("maxmemory-samples", "\(keyspace.sampleCount)"),
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
        reply.mapHeader(count: found.count)
        for parameter in found {
            reply.bulk(parameter.name)
            reply.bulk(parameter.value)
        }
    }

    private mutating func setParameter(
        _ call: borrowing CommandCall, _ word: Int
    ) throws(CommandError) {
        let value = call.text(word + 1)
        let name = call.text(word).lowercased()
        switch name {
        case "maxmemory":
            guard let limit = MemorySize.parse(value) else {
                throw .invalidParameter(name, wants: "a memory value")
            }
            keyspace.setMemoryLimit(limit, at: call.now)
        case "maxmemory-policy":
            guard let policy = EvictionPolicy(rawValue: value.lowercased()) else {
                let words = EvictionPolicy.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalidParameter(name, wants: "one of the following: \(words)")
            }
            keyspace.policy = policy
        case "maxmemory-samples": keyspace.sampleCount = try number(value, name, 1...64)
        case "lfu-log-factor":
            keyspace.frequencyTuning.logFactor = try number(value, name, 0...1000)
        case "lfu-decay-time":
            keyspace.frequencyTuning.decayMinutes = try number(value, name, 0...10_000)
        case "maxclients": facts.clientsMax = try number(value, name, 1...1_000_000)
        default: throw .unknownParameter(call.text(word))
        }
    }

    private func number(
        _ value: String, _ name: String, _ bounds: ClosedRange<Int>
    ) throws(CommandError) -> Int {
        guard let number = Int(value), bounds.contains(number) else {
            throw .invalidParameter(
                name, wants: "between \(bounds.lowerBound) and \(bounds.upperBound) inclusive")
        }
        return number
    }

    private mutating func resetStatistics() {
        keyspace.statistics = KeyspaceStatistics()
        keyspace.leases.statistics = LeaseStatistics()
        for index in calls.indices {
            calls[index] = 0
            failures[index] = 0
        }
        facts.connectionsReceived = 0
        facts.connectionsRejected = 0
        facts.slowReadersClosed = 0
    }
}

/// The glob patterns of KEYS, SCAN and PSUBSCRIBE: `*`, `?`, `[a-z]`, `[^a]`, and a backslash for itself.
enum Pattern {
    /// Iterative, with one place to come back to, so that no pattern takes more than length times length.
    static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (textPlace, place) = (text.startIndex, pattern.startIndex)
        var star: (pattern: Int, text: Int)?
        while textPlace < text.endIndex {
            if place < pattern.endIndex, pattern[place] == UInt8(ascii: "*") {
                star = (place + 1, textPlace)
                place += 1
            } else if place < pattern.endIndex,
                let next = step(pattern, at: place, over: text[textPlace])
            {
                place = next
                textPlace += 1
            } else if let back = star {
                star = (back.pattern, back.text + 1)
                (place, textPlace) = (back.pattern, back.text + 1)
            } else {
                return false
            }
        }
        while place < pattern.endIndex, pattern[place] == UInt8(ascii: "*") { place += 1 }
        return place == pattern.endIndex
    }

    /// The place after what matches one byte; nil when it does not.
    private static func step(
        _ pattern: ArraySlice<UInt8>, at place: Int, over byte: UInt8
    ) -> Int? {
        switch pattern[place] {
        case UInt8(ascii: "?"): return place + 1
        case UInt8(ascii: "["): return bracket(pattern, at: place + 1, over: byte)
        case UInt8(ascii: "\\") where place + 1 < pattern.endIndex:
            return pattern[place + 1] == byte ? place + 2 : nil
        default: return pattern[place] == byte ? place + 1 : nil
        }
    }

    private static func bracket(
        _ pattern: ArraySlice<UInt8>, at start: Int, over byte: UInt8
    ) -> Int? {
        var place = start
        let negated = place < pattern.endIndex && pattern[place] == UInt8(ascii: "^")
        if negated { place += 1 }
        var isIn = false
        while place < pattern.endIndex, pattern[place] != UInt8(ascii: "]") {
            if place + 2 < pattern.endIndex, pattern[place + 1] == UInt8(ascii: "-"),
                pattern[place + 2] != UInt8(ascii: "]")
            {
                let ends = [pattern[place], pattern[place + 2]].sorted()
                isIn = isIn || (ends[0]...ends[1]).contains(byte)
                place += 3
            } else {
                isIn = isIn || pattern[place] == byte
                place += 1
            }
        }
        return isIn != negated ? min(place + 1, pattern.endIndex) : nil
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
