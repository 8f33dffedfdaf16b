// What a server sees of a query, and how its answers are cut to size.

import Testing

@testable import Wire

struct DNSQueryTests {
    private func query(_ name: String, _ edns: EDNS? = nil) throws -> [UInt8] {
        let name = try #require(DNSName(name))
        return DNSMessage(id: 9, asking: DNSQuestion(name, .txt), edns: edns).encoded()
    }

    private func read(_ bytes: [UInt8]) -> DNSQuery? {
        if case .query(let query) = DNSQuery.read(bytes.span) { query } else { nil }
    }

    private func isMalformed(_ bytes: [UInt8]) -> Bool {
        if case .malformed = DNSQuery.read(bytes.span) { true } else { false }
    }

    @Test func `a query tells its question and its EDNS`() throws {
        var edns = EDNS(payload: 1400)
        edns.clientSubnet = ClientSubnet(ipv4: 0xC000_0200, prefix: 24)
        let query = try #require(read(try query("www.faultline.test", edns)))
        #expect(query.question?.type == .txt)
        #expect(query.edns == edns)
        #expect(query.edns?.clientSubnet?.ipv4 == 0xC000_0200)
    }

    @Test func `an answer and a stump are ignored`() throws {
        var message = DNSMessage(id: 1)
        message.flags = [.response]
        let bytes = message.encoded()
        guard case .ignored = DNSQuery.read(bytes.span) else {
            Issue.record("an answer was read as a query")
            return
        }
        let stump = Array(bytes.prefix(11))
        guard case .ignored = DNSQuery.read(stump.span) else {
            Issue.record("a stump was read as a query")
            return
        }
    }

    @Test func `none or two questions are malformed`() throws {
        #expect(isMalformed(DNSMessage(id: 1).encoded()))
        var two = DNSMessage(id: 1)
        let question = DNSQuestion(.root, .a)
        two.questions = [question, question]
        #expect(isMalformed(two.encoded()))
        var answered = DNSMessage(id: 1, asking: question)
        answered.answers = [DNSRecord(.root, ttl: 1, .a(1))]
        #expect(isMalformed(answered.encoded()))
    }

    @Test(
        arguments: [
            [0, 1, 24, 0, 10, 0],  // an address too short
            [0, 1, 24, 0, 10, 0, 0, 0],  // an address too long
            [0, 1, 20, 0, 10, 0, 1],  // a bit behind the prefix
            [0, 1, 33, 0, 10, 0, 0, 0, 0],  // longer than IPv4 is
            [0, 9, 0, 0],  // no such family
            [0, 1],  // cut short
        ] as [[UInt8]])
    func `a malformed client subnet is refused`(option: [UInt8]) throws {
        var bytes = try query("a.test")
        bytes[11] = 1
        let count = UInt8(option.count)
        bytes += [0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, count + 4, 0, 8, 0, count] + option
        #expect(isMalformed(bytes))
    }

    @Test func `a subnet of IPv6 is read in both halves`() throws {
        let option: [UInt8] = [0, 2, 72, 0, 0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0xAB]
        var bytes = try query("a.test")
        bytes[11] = 1
        let count = UInt8(option.count)
        bytes += [0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, count + 4, 0, 8, 0, count] + option
        let subnet = try #require(read(bytes)?.edns?.clientSubnet)
        #expect(subnet.high == 0x2001_0DB8_0000_0000)
        #expect(subnet.low == 0xAB00_0000_0000_0000)
        #expect(subnet.ipv4 == nil)
    }

    // MARK: Answers

    private func reply(
        to bytes: [UInt8], limit: Int, _ write: (inout DNSReplyWriter) -> Void
    ) throws -> DNSMessage {
        let query = try #require(read(bytes))
        var writer = DNSReplyWriter()
        writer.begin(query, in: bytes.span, limit: limit)
        write(&writer)
        writer.finish(.noError, isAuthoritative: true, payload: 1232, scope: 20)
        #expect(writer.count <= limit)
        let reply = writer.bytes
        return try DNSMessage.parse(reply.span)
    }

    @Test func `a set that does not fit is left out whole and marked`() throws {
        let text = DNSData.txt(String(repeating: "x", count: 300))
        let bytes = try query("a.test", EDNS(payload: 512))
        let cut = try reply(to: bytes, limit: 512) { $0.answer([text, text], ttl: 5) }
        #expect(cut.flags.contains(.truncated))
        #expect(cut.answers.isEmpty)
        #expect(cut.edns?.payload == 1232)
        let whole = try reply(to: bytes, limit: 65_535) { $0.answer([text, text], ttl: 5) }
        #expect(!whole.flags.contains(.truncated))
        #expect(whole.answers.map(\.data) == [text, text])
        #expect(whole.answers.first?.name == DNSName("a.test"))
    }

    @Test func `what is only helpful is left out in silence`() throws {
        let record = DNSRecord(.root, ttl: 1, .txt(String(repeating: "x", count: 200)))
        let reply = try reply(to: try query("a.test"), limit: 512) {
            $0.answer(addresses: [1, 2], ttl: 3)
            $0.add([record, record, record], to: .additional)
        }
        #expect(!reply.flags.contains(.truncated))
        #expect(reply.answers.count == 2)
        #expect(reply.additionals.isEmpty)
    }

    @Test func `the answer repeats the question as it came and the subnet with its scope`() throws {
        var edns = EDNS(payload: 1232)
        edns.clientSubnet = ClientSubnet(ipv4: 0x0A01_0000, prefix: 16)
        let reply = try reply(to: try query("wWw.Test", edns), limit: 512) { _ in }
        #expect(reply.questions.first?.name.description == "wWw.Test.")
        #expect(reply.edns?.clientSubnet?.scopePrefix == 20)
        #expect(reply.edns?.clientSubnet?.sourcePrefix == 16)
    }
}
