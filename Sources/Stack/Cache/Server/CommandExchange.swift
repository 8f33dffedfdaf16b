// A client's commands on their way to the engine, and the replies on their way back: a batch at a time, without a
// socket. One value, so that a batch takes hold of it once instead of with every command. A batch is scanned before
// it runs: what its keys lie in is then read side by side (`Keyspace.warm`).

import Reactor

struct CommandExchange {
    private var scanner = CommandScanner()
    private var batch = CommandBatch()
    var client: ClientState
    var reply = ReplyBuffer()
    /// Bytes that the last run took.
    private(set) var consumed = 0

    init(client: ClientState) { self.client = client }

    enum Outcome: Equatable {
        /// Everything complete has run.
        case idle
        /// The reply buffer is full, or the server has to see to something, and commands may be left.
        case moreToRun
        /// QUIT, or bytes that are no command: close once the replies are out.
        case closing
        /// One command asked for more than a reply may hold.
        case overfull
    }

    /// Runs commands until none is complete or `replyMax` bytes of replies have gathered.
    mutating func run(
        _ inbound: borrowing ByteQueue, on engine: inout CacheEngine, now: CacheTime, replyMax: Int
    ) -> Outcome {
        consumed = 0
        var outcome = Outcome.moreToRun
        while outcome == .moreToRun, mayGoOn(replyMax: replyMax) {
            let bytes = inbound.span.extracting(droppingFirst: consumed)
            let violation = scan(bytes)
            engine.keyspace.warm(bytes, batch.keys.span)
            let isWhole = execute(bytes, on: &engine, now: now, replyMax: replyMax)
            guard isWhole else { break }
            if let violation {
                reply.error("ERR \(violation.text)")
                return .closing
            }
            if !batch.isFull { outcome = .idle }
        }
        if client.isQuitting { return .closing }
        return reply.isOverfull ? .overfull : outcome
    }

    private func mayGoOn(replyMax: Int) -> Bool {
        !client.isQuitting && client.peerCommand == nil && reply.count < replyMax
    }

    /// Fills the batch as far as there are commands; answers why it could not go on.
    private mutating func scan(_ bytes: Span<UInt8>) -> ProtocolViolation? {
        batch.removeAll()
        do throws(ProtocolViolation) {
            while !batch.isFull {
                let rest = bytes.extracting(droppingFirst: batch.size)
                guard let size = try scanner.next(in: rest) else { return nil }
                batch.append(scanner.words, size: size)
            }
            return nil
        } catch {
            return error
        }
    }

    /// Runs the batch; false when it had to stop before its end.
    private mutating func execute(
        _ bytes: Span<UInt8>, on engine: inout CacheEngine, now: CacheTime, replyMax: Int
    ) -> Bool {
        // Held by themselves, since the words are lent to the engine while the client changes.
        let (allWords, commands) = (batch.words, batch.commands)
        var firstWord = 0
        let start = consumed
        for command in commands {
            guard mayGoOn(replyMax: replyMax) else {
                // What was scanned beyond is scanned again.
                scanner = CommandScanner()
                return false
            }
            let words = allWords.span.extracting(firstWord..<command.wordsEnd)
            firstWord = command.wordsEnd
            consumed = start + command.bytesEnd
            guard words.count > 0 else { continue }
            engine.execute(
                CommandCall(bytes: bytes, words: words, now: now), for: &client, into: &reply)
        }
        return true
    }
}

/// Commands that were scanned and have not run yet, at most sixteen, since so many are what clients send at once.
private struct CommandBatch {
    private(set) var words: [Range<Int>] = []
    private(set) var commands: [(wordsEnd: Int, bytesEnd: Int)] = []
    /// Of every command the word that may be its key.
    private(set) var keys: [Range<Int>] = []
    /// Bytes of all the commands.
    private(set) var size = 0

    private static let commandsMax = 16

    var isFull: Bool { commands.count == CommandBatch.commandsMax }

    mutating func removeAll() {
        // One command of very many words must not keep its room for as long as the client is there.
        words.removeAll(keepingCapacity: words.count <= 1024)
        commands.removeAll(keepingCapacity: true)
        keys.removeAll(keepingCapacity: true)
        size = 0
    }

    mutating func append(_ command: [Range<Int>], size commandSize: Int) {
        for word in command {
            words.append(word.lowerBound + size..<word.upperBound + size)
        }
        if command.count > 1 { keys.append(words[words.count - command.count + 1]) }
        size += commandSize
        commands.append((words.count, size))
    }
}
