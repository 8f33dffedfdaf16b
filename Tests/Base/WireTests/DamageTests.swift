// Messages damaged at random, by a seed. No decoder may trap, whatever comes; and what it decides
// must not depend on how much of the stream had arrived: a value read from the whole is read from
// just its own bytes, and waited for until the last of them.

import Testing
import Wire

/// SplitMix64 (Steele, Lea and Flood, 2014): enough to choose where to cut.
private struct Damage: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// One to three bytes replaced, put in, taken out or doubled; often by bytes with a meaning.
    mutating func damaged(_ message: [UInt8]) -> [UInt8] {
        let telling = "\r\n :;,\"\\{}[]$*+-0159afE\t\0\u{7F}/?#".bytes + [0x80, 0xFF]
        var bytes = message
        for _ in 0..<Int.random(in: 1...3, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            let byte = telling.randomElement(using: &self) ?? 0
            switch Int.random(in: 0..<4, using: &self) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            default: bytes.insert(contentsOf: bytes[..<place].suffix(8), at: place)
            }
        }
        return bytes
    }
}

@Suite struct DamageTests {
    static let rounds = 400

    /// Checks a decoder that keeps nothing between calls; gives the number of messages it took.
    static func check<Value: Equatable>(
        _ samples: [String], seed: UInt64,
        _ parse: ([UInt8]) throws -> (value: Value, consumed: Int)?
    ) rethrows -> Int {
        var damage = Damage(seed: seed)
        var taken = 0
        for sample in samples {
            for _ in 0..<rounds {
                let bytes = damage.damaged(sample.bytes)
                guard let whole = try? parse(bytes) else { continue }
                taken += 1
                let own = try parse(Array(bytes[..<whole.consumed]))
                #expect(own?.value == whole.value, "of \(bytes)")
                #expect(own?.consumed == whole.consumed, "of \(bytes)")
                for end in 0..<whole.consumed {
                    let early = try parse(Array(bytes[..<end]))
                    #expect(early == nil, "after \(end) bytes of \(bytes)")
                }
            }
        }
        return taken
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `a damaged request head is judged the same whatever has arrived`(seed: UInt64) throws {
        let taken = try Self.check(
            [
                "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 15\r\nA: b\r\n\r\n",
                "POST * HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            ], seed: seed
        ) { bytes in
            try HTTPRequestHead.parse(bytes.span).map { (value: $0.head, consumed: $0.consumed) }
        }
        #expect(taken > 0)
    }

    @Test(arguments: [3, 4] as [UInt64])
    func `a damaged response head is judged the same whatever has arrived`(seed: UInt64) throws {
        let taken = try Self.check(
            ["HTTP/1.1 200 OK\r\nContent-Length: 15\r\nServed-By: app-1\r\n\r\n"], seed: seed
        ) { bytes in
            try HTTPResponseHead.parse(bytes.span).map { (value: $0.head, consumed: $0.consumed) }
        }
        #expect(taken > 0)
    }

    @Test(arguments: [5, 6] as [UInt64])
    func `a damaged RESP value is judged the same whatever has arrived`(seed: UInt64) throws {
        let taken = try Self.check(
            ["*3\r\n$5\r\nhello\r\n:-15\r\n*2\r\n+OK\r\n$-1\r\n", "-ERR x\r\n"], seed: seed
        ) { bytes in
            try RESPValue.parse(bytes.span).map { (value: $0.value, consumed: $0.consumed) }
        }
        #expect(taken > 0)
    }

    @Test(arguments: [7, 8] as [UInt64])
    func `a damaged command is judged the same whatever has arrived`(seed: UInt64) throws {
        let taken = try Self.check(
            ["*2\r\n$3\r\nGET\r\n$5\r\n{u}:a\r\n", "SET \"a b\\x41\" 'c' d\r\n"], seed: seed
        ) { bytes in
            try RESPCommand.parse(bytes.span).map { (value: $0.command, consumed: $0.consumed) }
        }
        #expect(taken > 0)
    }

    /// What one peer lets through must mean the same to the next: the ground smuggling needs.
    @Test(arguments: [9, 10] as [UInt64])
    func `a request passed on keeps its length and its end`(seed: UInt64) throws {
        var damage = Damage(seed: seed)
        let sample = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 15\r\nA: \tb \r\n\r\n".bytes
        var passed = 0
        for _ in 0..<Self.rounds * 4 {
            guard let parsed = try? HTTPRequestHead.parse(damage.damaged(sample).span),
                parsed.head.version == .http11
            else { continue }
            var bytes: [UInt8] = []
            parsed.head.encode(into: &bytes)
            let next = try #require(try HTTPRequestHead.parse(bytes.span))
            #expect(next.consumed == bytes.count)
            #expect(next.head.body == parsed.head.body)
            #expect(next.head.keepAlive == parsed.head.keepAlive)
            #expect(next.head.target == parsed.head.target)
            passed += 1
        }
        #expect(passed > 0)
    }

    @Test(arguments: [11, 12] as [UInt64])
    func `a damaged chunked body is judged the same however it is cut`(seed: UInt64) {
        var damage = Damage(seed: seed)
        let sample = "5;a=b\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nT: u\r\n\r\n".bytes
        for _ in 0..<Self.rounds {
            let bytes = damage.damaged(sample)
            #expect(Self.outcome([bytes]) == Self.outcome(singleBytes(of: bytes)), "of \(bytes)")
        }
    }

    /// The content, then how it ended.
    private static func outcome(_ pieces: [[UInt8]]) -> [String] {
        var decoder = HTTPBodyDecoder(.chunked)
        var content: [UInt8] = []
        for piece in pieces {
            do throws(HTTPError) {
                _ = try decoder.consume(piece.span, into: &content)
            } catch {
                return ["\(content)", "\(error.reason)"]
            }
        }
        return ["\(content)", "done: \(decoder.isDone)"]
    }

    @Test(arguments: [13, 14] as [UInt64])
    func `a damaged JSON text that is taken reads back from what it is written as`(
        seed: UInt64
    ) throws {
        var damage = Damage(seed: seed)
        let sample = #"{"a":[1,-2.5e1,"x\u00e9\n\"",true],"b":{"c":null,"d":"h\#u{E9}"}}"#.bytes
        var taken = 0
        for _ in 0..<Self.rounds * 4 {
            guard let value = try? JSON.parse(damage.damaged(sample)) else { continue }
            #expect(try JSON.parse(value.text) == value)
            #expect(try JSON.parse(value.text(.indented)) == value)
            taken += 1
        }
        #expect(taken > 0)
    }

    @Test(arguments: [15, 16] as [UInt64])
    func `a damaged frame is refused or waited for`(seed: UInt64) {
        var damage = Damage(seed: seed)
        var sample: [UInt8] = []
        Frame(kind: 7, payload: "hello, replica".bytes).encode(into: &sample)
        for _ in 0..<Self.rounds {
            let bytes = damage.damaged(sample)
            if bytes.starts(with: sample) { continue }
            let parsed = try? Frame.parse(bytes.span)
            #expect(parsed == nil, "of \(bytes)")
        }
    }
}
