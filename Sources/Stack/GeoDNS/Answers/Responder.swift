// From the bytes of a query to the bytes of its answer, the same for UDP and TCP: pure, and without an
// allocation where the answer leads to endpoints, which is what nearly every query asks.
//
//     no query at all, or an answer          silence
//     not one question, or garbage           FORMERR
//     an operation other than QUERY          NOTIMP
//     EDNS of another version                BADVERS
//     a class or name that is not ours       REFUSED
//     a zone transfer                        REFUSED
//     a name that is not there               NXDOMAIN with the SOA (RFC 2308)
//     a type that the name has not           no answer, with the SOA

package import Blueprint
package import Linux
import Wire

/// How a query came, which bounds the answer.
package enum DNSTransport: Sendable {
    case datagram, stream
}

package struct Responder: Sendable {
    private static let streamBytesMax = 65_535
    /// The least that every client takes (RFC 1035 section 2.3.4).
    private static let datagramBytesMin = 512

    package private(set) var counts: QueryCounts
    package private(set) var zone: Zone
    package private(set) var plan: AnswerPlan
    private let map: RegionMap
    private var draw: WeightedDraw
    private var writer = DNSReplyWriter()
    private let payloadMax: Int
    private let answersMax: Int
    /// In seconds.
    private let ttl: UInt32

    package init(_ settings: GeoDNSSettings, seed: UInt64) throws(BlueprintError) {
        zone = try Zone(settings)
        plan = AnswerPlan(settings)
        map = RegionMap(settings.regions)
        draw = WeightedDraw(seed: seed)
        counts = QueryCounts(regions: settings.regions.map(\.name))
        payloadMax = settings.payloadMax
        answersMax = settings.answersMax
        ttl = settings.ttl.wholeSeconds
    }

    /// Of the last answer.
    package var bytes: [UInt8] { writer.bytes }

    /// Takes in which endpoints may be answered; the zone counts that as a change of its own.
    package mutating func update(answerable: [Bool]) {
        plan.update(answerable: answerable)
        zone.bumpSerial()
    }

    /// Writes the answer into `bytes`; false when there is to be none.
    package mutating func answer(
        _ message: Span<UInt8>, from client: IPv4Address, over transport: DNSTransport
    ) -> Bool {
        switch DNSQuery.read(message) {
        case .ignored:
            counts.ignored += 1
            return false
        case .malformed(let query, _):
            begin(query, message, transport)
            finish(.formatError, isAuthoritative: false)
        case .query(let query):
            begin(query, message, transport)
            respond(to: query, message, from: client)
        }
        counts.note(transport)
        return true
    }

    private mutating func begin(
        _ query: DNSQuery, _ message: Span<UInt8>, _ transport: DNSTransport
    ) {
        var limit = Self.streamBytesMax
        if transport == .datagram {
            let asked = Int(query.edns?.payload ?? 0)
            limit = min(max(asked, Self.datagramBytesMin), payloadMax)
        }
        writer.begin(query, in: message, limit: limit)
    }

    private mutating func respond(
        to query: DNSQuery, _ message: Span<UInt8>, from client: IPv4Address
    ) {
        guard query.opcode == .query, let question = query.question else {
            return finish(.notImplemented, isAuthoritative: false)
        }
        if let version = query.edns?.version, version > 0 {
            return finish(.badVersion, isAuthoritative: false)
        }
        guard question.questionClass == .internet, question.type != .axfr, question.type != .ixfr
        else { return finish(.refused, isAuthoritative: false) }
        switch zone.find(question.name(in: message)) {
        case .outside: finish(.refused, isAuthoritative: false)
        case .missing:
            writer.add([zone.negative], to: .authority)
            finish(.noSuchName)
        case .node(let node):
            if node.leadsToEndpoints, question.type == .a || question.type == .any {
                lead(query, client)
            } else {
                answer(question.type, of: node)
            }
        }
    }

    // MARK: Answers

    /// To the endpoints for the client's region, or for that of the subnet for which a resolver asks.
    private mutating func lead(_ query: DNSQuery, _ client: IPv4Address) {
        var (region, scope) = (0, UInt8(0))
        if let subnet = query.edns?.clientSubnet, let address = subnet.ipv4,
            subnet.sourcePrefix > 0
        {
            (region, scope) = map.regionAndScope(of: IPv4Address(rawValue: address))
        } else {
            region = map.region(of: client)
        }
        draw.draw(from: plan.candidates[region], countMax: answersMax)
        writer.answer(addresses: draw.picked, ttl: ttl)
        counts.note(region: region)
        finish(.noError, scope: scope)
    }

    private mutating func answer(_ type: DNSType, of node: Zone.Node) {
        // One set is enough of an answer to ANY (RFC 8482 section 4.1).
        guard let set = type == .any ? node.sets.first : node.set(of: type) else {
            writer.add([zone.negative], to: .authority)
            return finish(.noError)
        }
        writer.answer(set.data, ttl: set.ttl)
        if type == .ns { writer.add(zone.nameServerAddresses, to: .additional) }
        finish(.noError)
    }

    private mutating func finish(
        _ code: DNSResponseCode, isAuthoritative: Bool = true, scope: UInt8 = 0
    ) {
        counts.note(code)
        writer.finish(
            code, isAuthoritative: isAuthoritative, payload: UInt16(clamping: payloadMax),
            scope: scope)
    }
}

extension Duration {
    /// Rounded up, so that a short life does not become none.
    var wholeSeconds: UInt32 {
        UInt32(clamping: (nanoseconds + 999_999_999) / 1_000_000_000)
    }
}
