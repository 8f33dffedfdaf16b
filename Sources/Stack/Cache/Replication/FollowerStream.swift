// The way of the writes from a leader to one follower, and of its first copy. The copy walks the slots of the
// keyspace a part at a time, between the stream's own commands: a key is sent as it is at that moment, after all
// that was written before, and what is written to it later follows in the stream. So at the end of the walk the
// follower has exactly what the leader has, and no moment of it took long.

import Linux
import Reactor
import Wire

@ReactorActor
final class FollowerStream {
    let session: CacheSession
    let address: SocketAddress
    private let epoch: UInt64
    private var sent: Int64
    /// The next slot to copy; nil once the copy is done.
    private var cursor: UInt64?
    var acknowledged: Int64 = 0
    private var pingedAt = CacheTime(milliseconds: .min)

    private static let pingInterval: Int64 = 100
    /// Bytes of the copy that may be on their way.
    private static let copyMax = 1 << 20
    /// A follower that is this far behind starts anew rather than take the leader's memory.
    private static let outboundMax = 32 << 20

    init(
        _ session: CacheSession, address: SocketAddress, epoch: UInt64, from offset: Int64,
        copying: Bool
    ) {
        self.session = session
        self.address = address
        self.epoch = epoch
        sent = offset
        cursor = copying ? 0 : nil
    }

    var isCopying: Bool { cursor != nil }

    func close() { session.close() }

    func ping(epoch: UInt64, at now: CacheTime, now isUrgent: Bool = false) {
        guard isUrgent || now.milliseconds - Self.pingInterval >= pingedAt.milliseconds else {
            return
        }
        pingedAt = now
        session.stream.send(
            RESPValue.command("REPL", "PING", "\(epoch)", "\(now.milliseconds)"))
    }

    /// Sends what is new; false when the follower cannot be served any further.
    func pump(_ engine: CacheEngine) -> Bool {
        guard let state = engine.replication, session.stream.isOpen,
            let news = state.stream(after: sent)
        else { return false }
        if !news.isEmpty {
            session.stream.send(news)
            sent += Int64(news.count)
        }
        copy(from: engine.keyspace)
        return session.stream.outboundCount <= Self.outboundMax
    }

    private func copy(from keyspace: Keyspace) {
        var bytes: [UInt8] = []
        while let start = cursor, session.stream.outboundCount + bytes.count < Self.copyMax {
            let now = CacheTime.now()
            let (found, next) = keyspace.scan(from: start, countMax: 64, at: now)
            for index in found {
                for command in keyspace.dump(index, at: now) { command.encode(into: &bytes) }
            }
            cursor = next == 0 ? nil : next
            if cursor == nil {
                bytes += RESPValue.command("REPL", "COPIED", "\(epoch)", "\(sent)")
            }
        }
        if !bytes.isEmpty { session.stream.send(bytes) }
    }
}
