// Messages survive their bytes, and bytes that are none are refused without a trap.

import Testing

@testable import Wire

struct DNSMessageTests {
    private func parse(_ bytes: [UInt8]) throws(DNSError) -> DNSMessage {
        try DNSMessage.parse(bytes.span)
    }

    private func reason(_ bytes: [UInt8]) -> DNSError.Reason? {
        do throws(DNSError) {
            _ = try parse(bytes)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func `random messages survive their bytes`() throws {
        for seed in 1...400 {
            var sample = DNSSample(seed: UInt64(seed))
            let message = sample.message()
            #expect(try parse(message.encoded()) == message)
        }
    }

    @Test func `every cut of a message is refused`() throws {
        for seed in 1...40 {
            var sample = DNSSample(seed: UInt64(seed))
            let bytes = sample.message().encoded()
            for count in 0..<bytes.count {
                let cut = Array(bytes.prefix(count))
                #expect(reason(cut) != nil)
            }
        }
    }

    @Test func `damaged and random bytes never trap`() {
        for seed in 1...4000 {
            var sample = DNSSample(seed: UInt64(seed))
            var bytes = seed % 4 == 0 ? sample.bytes(600) : sample.message().encoded()
            for _ in 0..<sample.next(below: 6) where !bytes.isEmpty {
                bytes[sample.next(below: bytes.count)] = UInt8(sample.next(below: 256))
            }
            _ = reason(bytes)
            _ = DNSQuery.read(bytes.span)
        }
    }

    @Test func `names that share an end are written once`() throws {
        var message = DNSMessage(id: 1)
        let name = try #require(DNSName("www.faultline.test"))
        message.questions = [DNSQuestion(name, .a)]
        message.answers = [DNSRecord(name, ttl: 2, .a(0x0A01_0001))]
        // The answer's name is a pointer to byte 12.
        let bytes = message.encoded()
        #expect(bytes.count == 12 + 20 + 4 + 2 + 10 + 4)
        #expect(Array(bytes[36..<38]) == [0xC0, 12])
    }

    private static let head: [UInt8] = [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]

    @Test(
        arguments: [
            ([0xC0, 12, 0, 1, 0, 1], .malformedPointer),  // to itself
            ([1, 97, 0xC0, 12, 0, 1, 0, 1], .malformedPointer),  // to its own start
            ([0xC0, 16, 0, 1, 0, 1], .malformedPointer),  // forward
            ([0xC0, 0, 0, 1, 0, 1], .malformedPointer),  // into the head
            ([0x40, 0, 0, 1, 0, 1], .malformedLabel(0x40)),
            ([0x80, 0, 0, 1, 0, 1], .malformedLabel(0x80)),
            ([5, 97, 0], .truncated),
            ([0, 0, 1, 0, 1, 9], .trailingBytes),
        ] as [([UInt8], DNSError.Reason)])
    func `a malformed name is refused`(rest: [UInt8], wanted: DNSError.Reason) {
        #expect(reason(Self.head + rest) == wanted)
    }

    @Test func `a chain of pointers is followed to its end but not without end`() {
        // Each pointer leads to the one before it, the first to a root name.
        func chain(_ count: Int) -> [UInt8] {
            var bytes: [UInt8] = [0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]
            // One question whose name is the root, then one whose name is the chain's last pointer.
            bytes += [0, 0, 1, 0, 1]
            var target = 12
            var tail: [UInt8] = []
            for _ in 0..<count {
                let place = bytes.count + tail.count
                tail += [0xC0 | UInt8(target >> 8), UInt8(target & 0xFF)]
                target = place
            }
            return bytes + tail + [0, 1, 0, 1]
        }
        #expect(reason(chain(1)) == nil)
        // What stands between is no message, but the name is what is refused.
        var cursor = DNSCursor(chain(300).span, at: chain(300).count - 6)
        #expect(throws: DNSError.self) { try cursor.name() }
    }

    @Test func `a name of 255 bytes passes and one of 256 does not`() throws {
        let label = String(repeating: "a", count: 63)
        let longest = [label, label, label, String(repeating: "b", count: 61)]
        let name = try #require(DNSName(longest.joined(separator: ".")))
        #expect(name.wire.count == 255)
        var message = DNSMessage(id: 1)
        message.questions = [DNSQuestion(name, .txt)]
        #expect(try parse(message.encoded()) == message)
        #expect(DNSName((longest + ["c"]).joined(separator: ".")) == nil)
        let tooLong = Self.head + [1, 99] + name.wire + [0, 1, 0, 1]
        #expect(reason(tooLong) == .nameTooLong)
    }

    @Test func `two OPT records are one too many`() {
        let opt: [UInt8] = [0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0]
        let head: [UInt8] = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]
        #expect(reason(head + opt + opt) == .repeatedOPT)
    }

    @Test func `a lifetime with its top bit set is none`() throws {
        let head: [UInt8] = [0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0]
        let record: [UInt8] = [0, 0, 1, 0, 1, 0x80, 0, 0, 1, 0, 4, 1, 2, 3, 4]
        #expect(try parse(head + record).answers.first?.ttl == 0)
    }
}

struct DNSNameTests {
    @Test(arguments: ["", "a..b", ".a", "ä.test", "a b.test", String(repeating: "a", count: 64)])
    func `what is no name is refused`(text: String) {
        #expect(DNSName(text) == nil)
    }

    @Test func `names are the same in any case, and hash so`() throws {
        let small = try #require(DNSName("www.faultline.test"))
        let large = try #require(DNSName("WWW.FaultLine.TEST."))
        #expect(small == large)
        #expect(Set([small, large]).count == 1)
        #expect(large.description == "WWW.FaultLine.TEST.")
    }

    @Test func `a name is within its ancestors and no one else`() throws {
        let zone = try #require(DNSName("faultline.test"))
        #expect(try #require(DNSName("a.b.Faultline.test")).isWithin(zone))
        #expect(zone.isWithin(zone))
        #expect(zone.isWithin(.root))
        // Ends in the same letters, not in the same labels.
        #expect(try !#require(DNSName("xfaultline.test")).isWithin(zone))
        #expect(try !#require(DNSName("test")).isWithin(zone))
    }
}
