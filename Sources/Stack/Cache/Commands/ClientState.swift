// What a connection carries from one command to the next.

package struct ClientState {
    package let id: Int
    package var name = ""
    /// Set by QUIT: the replies so far go out, then the connection is closed.
    package var isQuitting = false
    /// Between MULTI and EXEC.
    var transaction: Transaction? { didSet { notePlain() } }
    /// Keys that the next transaction depends on, with the number that each had (`WatchTable`).
    var watched: [(key: [UInt8], changes: UInt64)] = []
    var channelCount = 0 { didSet { notePlain() } }
    /// The connection of the node's leader, whose writes a follower takes.
    var isLeader = false

    /// A command that the server has to see to before the next one runs.
    var peerCommand: StoredCommand?

    /// Neither in a transaction nor subscribed: what nearly every command of every client meets.
    private(set) var isPlain = true

    package init(id: Int) { self.id = id }

    var isSubscribed: Bool { channelCount > 0 }

    private mutating func notePlain() { isPlain = transaction == nil && channelCount == 0 }
}

/// Commands that wait for EXEC.
struct Transaction {
    var commands: [StoredCommand] = []
    /// One of them was refused, so that none will run.
    var isBroken = false
    var size = 0

    /// Bytes of commands that one transaction may gather.
    static let sizeMax = 64 << 20
}

/// A command that outlives the buffer that it came in.
struct StoredCommand {
    let bytes: [UInt8]
    let words: [Range<Int>]

    init(_ call: borrowing CommandCall) {
        var bytes: [UInt8] = []
        var words: [Range<Int>] = []
        for index in 0..<call.count {
            let word = call[index]
            words.append(bytes.count..<bytes.count + word.count)
            bytes.append(contentsOf: [UInt8](copying: word))
        }
        (self.bytes, self.words) = (bytes, words)
    }

    init(_ parts: [[UInt8]]) {
        var bytes: [UInt8] = []
        var words: [Range<Int>] = []
        for part in parts {
            words.append(bytes.count..<bytes.count + part.count)
            bytes += part
        }
        (self.bytes, self.words) = (bytes, words)
    }
}
