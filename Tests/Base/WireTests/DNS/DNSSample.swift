// Random messages from a seed, with names that share their ends, so that compression has work.

@testable import Wire

struct DNSSample {
    private var state: UInt64
    private static let labels = ["www", "a", "Mail", "faultline", "test", "eu-1", "x_y", "dns"]

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next(below bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }

    mutating func name() -> DNSName {
        let labels = (0..<next(below: 6)).map { _ in Self.labels[next(below: Self.labels.count)] }
        return labels.isEmpty ? .root : DNSName(labels.joined(separator: ".")) ?? .root
    }

    mutating func bytes(_ countMax: Int) -> [UInt8] {
        (0..<next(below: countMax + 1)).map { _ in UInt8(next(below: 256)) }
    }

    mutating func data() -> DNSData {
        switch next(below: 7) {
        case 0: return .a(UInt32(next(below: 1 << 32)))
        case 1: return .aaaa(high: UInt64(next(below: .max)), low: UInt64(next(below: .max)))
        case 2: return .ns(name())
        case 3: return .cname(name())
        case 4:
            return .soa(
                StartOfAuthority(
                    primary: name(), mailbox: name(), serial: 1, refresh: 2, retry: 3, expire: 4,
                    minimum: UInt32(next(below: 100))))
        case 5: return .txt((0...next(below: 3)).map { _ in bytes(255) })
        default: return .other(DNSType(rawValue: 257), bytes(40))
        }
    }

    mutating func record() -> DNSRecord {
        DNSRecord(name(), ttl: UInt32(next(below: 1 << 31)), data())
    }

    mutating func message() -> DNSMessage {
        var message = DNSMessage(id: UInt16(next(below: 1 << 16)))
        message.flags = next(below: 2) == 0 ? [.response, .authoritative] : [.recursionDesired]
        message.questions = (0..<next(below: 3)).map { _ in DNSQuestion(name(), .a) }
        message.answers = (0..<next(below: 8)).map { _ in record() }
        message.authorities = (0..<next(below: 3)).map { _ in record() }
        message.additionals = (0..<next(below: 3)).map { _ in record() }
        guard next(below: 2) == 0 else { return message }
        var edns = EDNS(payload: 1232)
        edns.dnssecOK = next(below: 2) == 0
        if next(below: 2) == 0 {
            edns.clientSubnet = ClientSubnet(
                ipv4: UInt32(next(below: 1 << 32)), prefix: UInt8(next(below: 33)))
        }
        message.edns = edns
        message.code = DNSResponseCode(rawValue: UInt16(next(below: 24)))
        message.edns?.extendedCode = UInt8(message.code.rawValue >> 4)
        return message
    }
}
