// What the server says to every kind of query.

import Blueprint
import Linux
import Testing
import Wire

@testable import GeoDNS

struct ResponderTests {
    private func responder(_ change: (inout GeoDNSSettings) -> Void = { _ in }) throws -> Responder
    {
        var settings = try GeoSample.settings()
        change(&settings)
        return try Responder(settings, seed: 1)
    }

    @Test func `a user gets the endpoints of the own region`() throws {
        var responder = try responder()
        let reply = try #require(try responder.reply(to: GeoSample.query("www.faultline.test")))
        #expect(reply.code == .noError)
        #expect(reply.flags == [.response, .authoritative])
        #expect(
            Set(reply.addresses) == [IPv4Address(10, 2, 0, 1), IPv4Address(10, 2, 0, 2)])
        #expect(reply.answers.allSatisfy { $0.ttl == 2 })
        let american = try responder.reply(
            to: GeoSample.query("WWW.faultline.TEST"), from: IPv4Address(10, 254, 2, 1))
        #expect(american?.addresses == [IPv4Address(10, 3, 0, 1)])
    }

    @Test func `the apex leads to the endpoints too, and strangers to the first region`() throws {
        var responder = try responder()
        let reply = try #require(
            try responder.reply(
                to: GeoSample.query("faultline.test"), from: IPv4Address(192, 0, 2, 1)))
        #expect(reply.addresses.count == 2)
    }

    @Test func `a client subnet counts before the source, and the answer tells its scope`() throws {
        var responder = try responder()
        var edns = EDNS(payload: 1232)
        edns.clientSubnet = ClientSubnet(ipv4: IPv4Address(10, 254, 2, 0).rawValue, prefix: 24)
        let query = try GeoSample.query("www.faultline.test", edns: edns)
        let reply = try #require(try responder.reply(to: query))
        #expect(reply.addresses == [IPv4Address(10, 3, 0, 1)])
        #expect(reply.edns?.clientSubnet?.scopePrefix == 24)
    }

    @Test func `a client that does not want to be known is placed by its source`() throws {
        var responder = try responder()
        var edns = EDNS(payload: 1232)
        edns.clientSubnet = ClientSubnet(ipv4: 0, prefix: 0)
        let query = try GeoSample.query("www.faultline.test", edns: edns)
        let reply = try #require(try responder.reply(to: query))
        #expect(reply.addresses.count == 2)
        #expect(reply.edns?.clientSubnet?.scopePrefix == 0)
    }

    @Test func `a name that is not there is denied with the SOA and its short life`() throws {
        var responder = try responder()
        let reply = try #require(try responder.reply(to: GeoSample.query("nope.faultline.test")))
        #expect(reply.code == .noSuchName)
        #expect(reply.answers.isEmpty)
        let denial = try #require(reply.authorities.first)
        #expect(denial.data.type == .soa)
        #expect(try denial.name == #require(DNSName("faultline.test")))
        #expect(denial.ttl == 2)
    }

    @Test func `a type that a name has not is no error, and neither is an empty ancestor`() throws {
        var responder = try responder()
        for (name, type) in [
            ("www.faultline.test", DNSType.aaaa), ("docs.faultline.test", .a),
            ("below.faultline.test", .txt),
        ] {
            let reply = try #require(try responder.reply(to: GeoSample.query(name, type)))
            #expect(reply.code == .noError)
            #expect(reply.answers.isEmpty)
            #expect(reply.authorities.first?.data.type == .soa)
        }
    }

    @Test func `SOA, NS, AAAA, TXT and ANY are answered`() throws {
        var responder = try responder()
        let soa = try #require(try responder.reply(to: GeoSample.query("faultline.test", .soa)))
        #expect(soa.answers.first?.data.type == .soa)
        let ns = try #require(try responder.reply(to: GeoSample.query("faultline.test", .ns)))
        #expect(ns.answers.count == 2)
        #expect(ns.additionals.count == 2)
        let aaaa = try #require(
            try responder.reply(to: GeoSample.query("docs.faultline.test", .aaaa)))
        #expect(aaaa.answers.first?.data == .aaaa(high: 0x2001_0DB8_0000_0000, low: 7))
        let txt = try #require(
            try responder.reply(to: GeoSample.query("deep.below.faultline.test", .txt)))
        #expect(txt.answers.first?.data == .txt("hello"))
        let any = try #require(
            try responder.reply(to: GeoSample.query("docs.faultline.test", .any)))
        #expect(any.answers.count == 1)
    }

    @Test(arguments: [
        ("x.faultline.test", "all"), ("x.y.faultline.test", "all"),
        ("X.Docs.faultline.TEST", "docs"), ("x.y.docs.faultline.test", "docs"),
        ("docs.faultline.test", nil),  // is there, without such a record
        ("below.faultline.test", nil),  // is there, if only for what is below it
        ("x.below.faultline.test", nil), ("x.www.faultline.test", nil),  // nearer names end it
    ])
    func `a wildcard is for names that are not there, below the nearest one that is`(
        _ name: String, _ text: String?
    ) throws {
        var responder = try responder {
            $0.records += [
                GeoRecord(name: "*", kind: .txt, value: "all"),
                GeoRecord(name: "*.docs", kind: .txt, value: "docs"),
            ]
        }
        let reply = try #require(try responder.reply(to: GeoSample.query(name, .txt)))
        #expect(reply.answers.map(\.data) == text.map { [.txt($0)] } ?? [])
        let asked = try #require(DNSName(name)).lowercased
        #expect(reply.answers.allSatisfy { $0.name.lowercased == asked })
        let other = try #require(try responder.reply(to: GeoSample.query(name, .aaaa)))
        #expect(text == nil || other.code == .noError && other.answers.isEmpty)
    }

    @Test func `other zones, classes and transfers are refused`() throws {
        var responder = try responder()
        for query in [
            try GeoSample.query("example.org"), try GeoSample.query("test"),
            try GeoSample.query("notfaultline.test"), try GeoSample.query("."),
            try GeoSample.query("www.faultline.test", .a, .chaos),
            try GeoSample.query("faultline.test", .axfr),
        ] {
            let reply = try #require(try responder.reply(to: query))
            #expect(reply.code == .refused)
            #expect(!reply.flags.contains(.authoritative))
        }
    }

    @Test func `other operations, other versions and garbage are told apart`() throws {
        var responder = try responder()
        var update = try GeoSample.query("faultline.test")
        update.opcode = .update
        #expect(try responder.reply(to: update)?.code == .notImplemented)
        var edns = EDNS(payload: 1232)
        edns.version = 1
        let later = try responder.reply(to: GeoSample.query("faultline.test", edns: edns))
        #expect(later?.code == .badVersion)
        #expect(later?.edns?.version == 0)
        let cut = Array(try GeoSample.query("faultline.test").encoded().dropLast())
        let malformed = try responder.reply(to: cut)
        #expect(malformed?.code == .formatError)
        #expect(malformed?.id == 77)
        #expect(try responder.reply(to: [1, 2, 3]) == nil)
    }

    @Test func `what is too large for a datagram is truncated there and whole over TCP`() throws {
        var responder = try responder()
        for edns in [nil, EDNS(payload: 4096)] {
            let query = try GeoSample.query("big.faultline.test", .txt, edns: edns)
            let cut = try #require(try responder.reply(to: query))
            #expect(cut.flags.contains(.truncated))
            #expect(cut.answers.isEmpty)
            let whole = try #require(try responder.reply(to: query, over: .stream))
            #expect(!whole.flags.contains(.truncated))
            #expect(whole.answers.count == 1)
        }
    }

    @Test func `a region without a healthy endpoint is led to the nearest that has one`() throws {
        var responder = try responder()
        let ap = IPv4Address(10, 254, 3, 1)
        let query = try GeoSample.query("www.faultline.test")
        responder.update(answerable: [true, true, true, false])
        #expect(try responder.reply(to: query, from: ap)?.addresses == [IPv4Address(10, 3, 0, 1)])
        responder.update(answerable: [true, false, false, false])
        #expect(try responder.reply(to: query, from: ap)?.addresses == [IPv4Address(10, 2, 0, 1)])
    }

    @Test func `the serial grows with every change of the answers`() throws {
        var responder = try responder()
        responder.update(answerable: [true, true, true, false])
        let reply = try #require(try responder.reply(to: GeoSample.query("faultline.test", .soa)))
        guard case .soa(let authority)? = reply.answers.first?.data else {
            Issue.record("no SOA")
            return
        }
        #expect(authority.serial == 2)
    }

    @Test func `the first address follows the weights`() throws {
        var responder = try responder { $0.endpoints[0].weight = 3 }
        var heavy = 0
        for _ in 0..<4000 {
            let reply = try responder.reply(to: GeoSample.query("www.faultline.test"))
            #expect(reply?.addresses.count == 2)
            if reply?.addresses.first == IPv4Address(10, 2, 0, 1) { heavy += 1 }
        }
        // Three of four, with five standard deviations of 27 to either side.
        #expect((2863...3137).contains(heavy))
    }

    @Test func `an answer brings no more addresses than it may`() throws {
        var responder = try responder { $0.answersMax = 1 }
        var seen: Set<IPv4Address> = []
        for _ in 0..<100 {
            let reply = try #require(try responder.reply(to: GeoSample.query("www.faultline.test")))
            #expect(reply.addresses.count == 1)
            seen.formUnion(reply.addresses)
        }
        #expect(seen.count == 2)
    }

    @Test(arguments: [
        ("records[0].value", "no address"), ("records[0].name", "a..b"),
    ])
    func `a record that cannot be is refused by its place`(member: String, value: String) throws {
        var settings = try GeoSample.settings()
        if member.hasSuffix("value") {
            settings.records[0].value = value
        } else {
            settings.records[0].name = value
        }
        #expect {
            try Responder(settings, seed: 1)
        } throws: { error in
            (error as? BlueprintError)?.member == "settings.\(member)"
        }
    }
}
