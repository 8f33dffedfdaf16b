// A follower's connection to its leader: asks for the stream, runs what comes, and answers pings. It connects
// anew for as long as the node follows that leader.

import Linux
import Reactor
import Wire

@ReactorActor
final class LeaderLink {
    let leader: Int
    private let replicator: Replicator
    private let address: SocketAddress
    private var connection: Connection?
    private var client = ClientState(id: 0)
    private var scanner = CommandScanner()
    private var isStopped = false

    private static let retryPause: Duration = .milliseconds(50)
    private static let connectTimeout: Duration = .milliseconds(250)

    init(_ replicator: Replicator, leader: Int, _ address: SocketAddress) {
        self.replicator = replicator
        self.leader = leader
        self.address = address
        client.isLeader = true
        Task { @ReactorActor in await run() }
    }

    func stop() {
        isStopped = true
        connection?.close()
    }

    private func run() async {
        while !isStopped {
            do throws(TransportError) {
                let fresh = try await Connection.connect(
                    to: address, deadline: .now() + Self.connectTimeout)
                guard !isStopped else { return fresh.close() }
                connection = fresh
                scanner = CommandScanner()
                fresh.send(replicator.syncRequest)
                if try await isAccepted(fresh) {
                    replicator.isLinked = true
                    while try await fresh.receive() {
                        guard take(from: fresh) else { break }
                    }
                }
            } catch {
                // The leader is away; whether it leads is for the election to say.
            }
            connection?.close()
            guard !isStopped else { return }
            replicator.isLinked = false
            await Reactor.sleep(for: Self.retryPause)
        }
    }

    /// The leader's first answer; false when it does not lead.
    private func isAccepted(_ connection: Connection) async throws(TransportError) -> Bool {
        while true {
            let reply: RESPValue?
            do {
                reply = try connection.take { bytes in try RESPValue.parse(bytes) }
            } catch {
                return false
            }
            if let reply {
                guard case .simple(let text) = reply else { return false }
                let words = text.split(separator: " ")
                guard words.count == 2, let epoch = UInt64(words[1]) else { return false }
                if words[0] == "COPY" {
                    replicator.beginCopy()
                } else {
                    replicator.noteContinued(in: epoch)
                }
                return take(from: connection)
            }
            guard try await connection.receive() else { return false }
        }
    }

    /// Runs every whole command; false when what comes is none.
    private func take(from connection: Connection) -> Bool {
        var consumed = 0
        let isSound = run(connection.inbound, consumed: &consumed, answeringTo: connection)
        connection.inbound.consume(consumed)
        return isSound && !isStopped
    }

    private func run(
        _ inbound: borrowing ByteQueue, consumed: inout Int, answeringTo connection: Connection
    ) -> Bool {
        do throws(ProtocolViolation) {
            while !isStopped {
                let rest = inbound.span.extracting(consumed...)
                guard let size = try scanner.next(in: rest) else { return true }
                consumed += size
                guard scanner.words.count > 1 else { continue }
                let command = rest.extracting(first: size)
                if CacheCommand.named(command.extracting(scanner.words[0])) == .repl {
                    var words: [String] = []
                    for word in scanner.words {
                        let bytes = [UInt8](copying: command.extracting(word))
                        words.append(String(decoding: bytes, as: UTF8.self))
                    }
                    guard obey(words, connection) else { return false }
                } else {
                    replicator.apply(command, scanner.words.span, for: &client)
                }
            }
            return false
        } catch {
            return false
        }
    }

    private func obey(_ words: [String], _ connection: Connection) -> Bool {
        guard words.count == 4, let epoch = UInt64(words[2]), let number = Int64(words[3]) else {
            return false
        }
        switch words[1] {
        case "PING":
            guard replicator.note(leader: leader, in: epoch) else { return false }
            connection.send(replicator.acknowledgement(ofPing: number))
        case "COPIED": replicator.endCopy(in: epoch, at: number)
        default: return false
        }
        return true
    }
}
