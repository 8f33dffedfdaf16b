// What the replicated log carries: the three commands that change the store, and who asked for each.
//
// Pure: a command that was built or decoded is within every limit of the state machine, so applying
// it never fails on its contents, on no replica.
//
//      +-----+---------------------+--------------+----------------------------------+
//      | tag | client (len, bytes) | seq (varint) | fields of the action             |
//      +-----+---------------------+--------------+----------------------------------+
//        1 set: key, value      2 increment: key, n (zigzag)      3 once: token, key, value

package import Wire

/// Names one request for all of its tries, so that a retry is known for what it is.
package struct RequestID: Hashable, Sendable {
    package static let clientCountMax = 128

    /// Chosen by the client, unique for as long as it lives; 1 to 128 bytes.
    package let client: [UInt8]
    /// Rises by one with each new request; a retry has the number of its first try.
    package let sequence: UInt64

    package init(client: [UInt8], sequence: UInt64) {
        self.client = client
        self.sequence = sequence
    }
}

/// One change that a client asks for.
package struct StoreCommand: Hashable, Sendable {
    /// LMDB's limit in its default build (mdb_env_get_maxkeysize).
    package static let keyCountMax = 511
    /// Bytes of a value; a command has to fit into one record of the log.
    package static let valueCountMax = 512 * 1024

    package enum Action: Hashable, Sendable {
        case set(key: [UInt8], value: [UInt8])
        /// The value is decimal text, as Redis keeps it; a missing key counts as 0.
        case increment(key: [UInt8], by: Int64)
        /// Sets `token` and `key`, or neither when the token is there already.
        case once(token: [UInt8], key: [UInt8], value: [UInt8])
    }

    package let request: RequestID
    package let action: Action

    package init(request: RequestID, action: Action) throws(StoreCommandError) {
        guard (1...RequestID.clientCountMax).contains(request.client.count) else {
            throw .clientLength(request.client.count)
        }
        switch action {
        case .set(let key, let value): try Self.check([key], value)
        case .increment(let key, _): try Self.check([key], [])
        case .once(let token, let key, let value): try Self.check([token, key], value)
        }
        self.request = request
        self.action = action
    }

    private static func check(_ keys: [[UInt8]], _ value: [UInt8]) throws(StoreCommandError) {
        for key in keys where !(1...keyCountMax).contains(key.count) {
            throw .keyLength(key.count)
        }
        if value.count > valueCountMax { throw .valueLength(value.count) }
    }
}

/// Why bytes or fields are no command.
package enum StoreCommandError: Error, Hashable, Sendable, CustomStringConvertible {
    case clientLength(Int)
    case keyLength(Int)
    case valueLength(Int)
    case malformed(ByteReaderError)

    package var description: String {
        switch self {
        case .clientLength(let count):
            "a client id has 1 to \(RequestID.clientCountMax) bytes, not \(count)"
        case .keyLength(let count):
            "a key has 1 to \(StoreCommand.keyCountMax) bytes, not \(count)"
        case .valueLength(let count):
            "a value has at most \(StoreCommand.valueCountMax) bytes, not \(count)"
        case .malformed(let error): "not a command: \(error.reason) at byte \(error.offset)"
        }
    }
}
