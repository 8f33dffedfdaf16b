// What a server has answered, for its metrics. Plain numbers, since they are touched by every query.

package import Telemetry
package import Wire

package struct QueryCounts: Sendable {
    package private(set) var datagrams = 0
    package private(set) var streams = 0
    /// What was no query and got no answer.
    package internal(set) var ignored = 0
    /// By response code, from 0; all higher ones count as the last.
    private var codes = [Int](repeating: 0, count: 17)
    private var regions: [(name: String, count: Int)]

    init(regions: [String]) { self.regions = regions.map { ($0, 0) } }

    package func count(of code: DNSResponseCode) -> Int { codes[Self.place(code)] }

    mutating func note(_ transport: DNSTransport) {
        switch transport {
        case .datagram: datagrams += 1
        case .stream: streams += 1
        }
    }

    mutating func note(_ code: DNSResponseCode) { codes[Self.place(code)] += 1 }

    mutating func note(region: Int) { regions[region].count += 1 }

    private static func place(_ code: DNSResponseCode) -> Int { min(Int(code.rawValue), 16) }

    /// As lines that Prometheus reads.
    package var counters: Counters {
        var counters = Counters()
        counters.add(Int64(datagrams), to: "geodns_queries_total{transport=\"udp\"}")
        counters.add(Int64(streams), to: "geodns_queries_total{transport=\"tcp\"}")
        counters.add(Int64(ignored), to: "geodns_ignored_total")
        for (place, count) in codes.enumerated() where count > 0 {
            let code = DNSResponseCode(rawValue: UInt16(place))
            counters.add(Int64(count), to: "geodns_responses_total{rcode=\"\(code)\"}")
        }
        for (name, count) in regions {
            counters.add(Int64(count), to: "geodns_region_answers_total{region=\"\(name)\"}")
        }
        return counters
    }
}
