// The state machine of a simulated replica: a few registers that are written and read.
//
// Every write in a run has a value of its own, the number of its operation. So a value read tells which
// write was seen, which is what makes checking linearizability cheap (RegisterHistory.swift).

import Raft

/// A register; a run has only a few, so that operations meet.
package struct RegisterKey: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt8

    package init(_ rawValue: UInt8) { self.rawValue = rawValue }

    package static let count = 4
    package static var all: [RegisterKey] { (0..<UInt8(count)).map { RegisterKey($0) } }
    package var description: String { "r\(rawValue)" }
}

/// Sets one register.
struct WriteCommand: Equatable {
    let key: RegisterKey
    let value: UInt64
    /// Bytes of no meaning, so that limits on sizes are met in all ways.
    let padding: Int

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(9 + padding)
        bytes.append(key.rawValue)
        for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
        for _ in 0..<padding { bytes.append(0xAA) }
        return bytes
    }

    init(key: RegisterKey, value: UInt64, padding: Int) {
        self.key = key
        self.value = value
        self.padding = padding
    }

    /// Nil for bytes that no client wrote.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 9, Int(bytes[0]) < RegisterKey.count else { return nil }
        key = RegisterKey(bytes[0])
        value = (0..<8).reduce(0) { $0 | UInt64(bytes[1 + $1]) << (8 * UInt64($1)) }
        padding = bytes.count - 9
    }
}

struct Registers: Equatable {
    /// The last entry that was applied.
    private(set) var applied = LogPosition.zero
    private var values = SIMD4<UInt64>.zero

    /// Depends on all entries that ever were applied, and on their order.
    private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325

    /// What a register holds; zero when it was never written.
    subscript(key: RegisterKey) -> UInt64 { values[Int(key.rawValue)] }

    mutating func apply(_ entry: LogEntry) {
        applied = entry.position
        mix(entry.index.rawValue)
        mix(entry.term.rawValue)
        guard case .command(let bytes) = entry.payload, let write = WriteCommand(bytes) else {
            return
        }
        values[Int(write.key.rawValue)] = write.value
        mix(write.value << 8 | UInt64(write.key.rawValue))
    }

    /// A multiplication and a fold for each word, after FNV-1a.
    private mutating func mix(_ word: UInt64) {
        digest = (digest ^ word) &* 0x0000_0100_0000_01B3
        digest ^= digest >> 29
    }
}
