// A user's resolver: asks the name servers for one name by UDP, again over TCP when an answer was
// truncated, and the next server when one is silent. All who wait for the same answer share one
// question.
//
// It is the users' own and sits where they do, so the server sees their region in its source address.

import Determinism
import Endpoints
import Linux
import Reactor
import Wire

@ReactorActor
final class StubResolver {
    /// How long one server may take, before the next one is asked.
    private static let tryTimeout: Duration = .milliseconds(250)
    /// Times that every server is asked.
    private static let rounds = 2
    /// How long nobody asks again after all servers were silent.
    private static let holdDown: Duration = .milliseconds(100)
    private static let payload: UInt16 = 1232

    private let name: DNSName
    private let source: IPv4Address?
    private var servers: NameServerOrder
    private var cache = DNSAnswerCache()
    private var random: SeededRandom
    private var pending: Promise<Bool>?
    private var silentUntil = MonotonicTime(nanoseconds: .min)
    /// Questions that were answered, and that no server answered.
    private(set) var resolutions = 0
    private(set) var failures = 0

    init(
        _ name: DNSName, servers: [SocketAddress], from source: IPv4Address?, random: SeededRandom
    ) {
        self.name = name
        self.source = source
        self.servers = NameServerOrder(servers)
        self.random = random
    }

    /// An address of the name; `current` as long as the answer has it.
    func address(
        keeping current: IPv4Address?, deadline: MonotonicTime
    ) async throws(ClientError) -> IPv4Address {
        while true {
            switch cache.state(at: .now()) {
            case .known:
                if let address = cache.pick(keeping: current, at: .now()) { return address }
            case .absent: throw .unreachable(.refused)
            case .unknown:
                if .now() < silentUntil { throw .unreachable(.refused) }
                try await refresh(deadline)
            }
        }
    }

    /// Waits for the question under way, or asks it. Whoever asks goes on past its own deadline, for
    /// the sake of those who wait with it.
    private func refresh(_ deadline: MonotonicTime) async throws(ClientError) {
        let question: Promise<Bool>
        if let pending {
            question = pending
        } else {
            question = Promise<Bool>()
            pending = question
            Task { @ReactorActor in
                let isAnswered = await resolve()
                pending = nil
                question.fulfil(isAnswered)
            }
        }
        guard let isAnswered = await question.value(deadline: deadline) else {
            throw .unreachable(.timedOut)
        }
        if !isAnswered { throw .unreachable(.refused) }
    }

    private func resolve() async -> Bool {
        for _ in 0..<Self.rounds {
            for server in servers.order(at: .now()) {
                let asked = MonotonicTime.now()
                if let answer = await ask(server) {
                    servers.noteAnswer(server, took: .now() - asked)
                    take(answer)
                    resolutions += 1
                    return true
                }
                servers.noteSilence(server, at: .now())
            }
        }
        failures += 1
        silentUntil = .now() + Self.holdDown
        return false
    }

    private func take(_ answer: DNSMessage) {
        var addresses: [IPv4Address] = []
        var lifetime = UInt32.max
        for record in answer.answers where record.name == name {
            guard case .a(let address) = record.data else { continue }
            addresses.append(IPv4Address(rawValue: address))
            lifetime = min(lifetime, record.ttl)
        }
        // How long "there is none" may be believed, the SOA says (RFC 2308 section 5).
        if addresses.isEmpty { lifetime = answer.authorities.first?.ttl ?? 1 }
        cache.take(addresses, lifetime: .seconds(Int64(lifetime)), at: .now())
    }

    // MARK: Asking

    /// One server's answer; nil when it is silent, failing, or talks nonsense.
    private func ask(_ server: SocketAddress) async -> DNSMessage? {
        let id = UInt16(truncatingIfNeeded: random.next())
        let query = DNSMessage(
            id: id, asking: DNSQuestion(name, .a), edns: EDNS(payload: Self.payload))
        let deadline = MonotonicTime.now() + Self.tryTimeout
        guard let answer = await askByDatagram(query, server, deadline) else { return nil }
        if !answer.flags.contains(.truncated) { return usable(answer) }
        let whole = await askByStream(query, server, .now() + Self.tryTimeout)
        return whole.flatMap(usable)
    }

    private func usable(_ answer: DNSMessage) -> DNSMessage? {
        [.noError, .noSuchName].contains(answer.code) ? answer : nil
    }

    /// Whatever is not the answer to this very question is passed over (RFC 5452 section 3).
    private func askByDatagram(
        _ query: DNSMessage, _ server: SocketAddress, _ deadline: MonotonicTime
    ) async -> DNSMessage? {
        do {
            let exchange = try DatagramExchange(with: server, from: source)
            try exchange.send(query.encoded())
            while true {
                let bytes = try await exchange.receive(deadline: deadline)
                if let answer = Self.answer(bytes, to: query) { return answer }
            }
        } catch {
            return nil
        }
    }

    private func askByStream(
        _ query: DNSMessage, _ server: SocketAddress, _ deadline: MonotonicTime
    ) async -> DNSMessage? {
        do {
            let connection = try await Connection.connect(
                to: server, from: source, deadline: deadline)
            defer { connection.close() }
            let bytes = query.encoded()
            connection.send([UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes)
            while true {
                if let frame = connection.take(Self.frame) { return Self.answer(frame, to: query) }
                guard try await connection.receive(deadline: deadline) else { return nil }
            }
        } catch {
            return nil
        }
    }

    private static func frame(_ bytes: Span<UInt8>) -> ([UInt8], Int)? {
        guard bytes.count >= 2 else { return nil }
        let count = Int(bytes[0]) << 8 | Int(bytes[1])
        guard bytes.count >= 2 + count else { return nil }
        return ([UInt8](copying: bytes.extracting(2..<2 + count)), 2 + count)
    }

    private static func answer(_ bytes: [UInt8], to query: DNSMessage) -> DNSMessage? {
        guard let answer = try? DNSMessage.parse(bytes.span), answer.id == query.id,
            answer.flags.contains(.response), answer.questions == query.questions
        else { return nil }
        return answer
    }
}
