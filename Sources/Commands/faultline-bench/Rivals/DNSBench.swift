// Queries a second of our DNS server against knot, both with the same names and one thread for UDP, in
// turns. Most queries are for the name that leads to endpoints, which ours answers by the client's
// region and by weight, and knot from its file.

import Linux
import Reactor

struct DNSBench {
    /// The endpoints are addresses alone: nobody asks whether they are healthy.
    private static let topology = """
        apiVersion: faultline/v1
        kind: Topology
        name: bench-dns
        entry: dns
        tiers:
          dns: {role: geodns, to: web, check: none}
          web: {serves: balancer, exec: [sleep, "600"], count: 4, port: 8080,
                ready: {command: ["true"]}}
          knot:
            exec: [knotd, -c, "{{files}}/knot.conf"]
            port: 5353
            ready: {tcp: true}
            files:
              knot.conf: |
                server:
                    listen: "{{address}}@{{port}}"
                    rundir: "{{folder}}"
                    udp-workers: 1
                    tcp-workers: 1
                    background-workers: 1
                log:
                  - target: stderr
                    any: error
                database:
                    storage: "{{folder}}"
                zone:
                  - domain: faultline.test
                    file: "{{files}}/faultline.test.zone"
              faultline.test.zone: |
                $ORIGIN faultline.test.
                @ 60 IN SOA dns-1 hostmaster 1 3600 600 86400 2
                @ 60 IN NS dns-1
                dns-1 60 IN A {{address.of.dns}}
                www 2 IN A {{address.of.web.1}}
                www 2 IN A {{address.of.web.2}}
                www 2 IN A {{address.of.web.3}}
                www 2 IN A {{address.of.web.4}}
                web-1 60 IN A {{address.of.web.1}}
                web-2 60 IN A {{address.of.web.2}}

        """
    private static let queries = """
        www.faultline.test A
        www.faultline.test A
        web-1.faultline.test A
        www.faultline.test A
        www.faultline.test AAAA
        www.faultline.test A
        web-2.faultline.test A
        nobody.faultline.test A
        faultline.test SOA
        www.faultline.test A

        """
    private static let length: Duration = .seconds(3)

    private let options: BenchOptions
    private let repetitions: Int
    private let dnsperf: Dnsperf

    init(_ options: BenchOptions) throws {
        self.options = options
        repetitions = options.repetitions ?? 5
        dnsperf = try Dnsperf()
        _ = try BenchOptions.tool("knotd", debian: "knot")
    }

    func perform() throws -> Int32 {
        try BenchStack.measure(
            "Name servers", of: Self.topology, options, repetitions: repetitions
        ) { [self] stack in
            var table = MarkdownTable(
                "dnsperf -T1 -c16 -q400, UDP", "queries/s", "least to most")
            table.add(try await measure(stack))
            return table
        }
    }

    /// Both in turns; which goes first changes each time.
    @ReactorActor
    private func measure(_ stack: BenchStack) async throws -> [(name: String, figures: [Double])] {
        let queries = try stack.folder.write("queries.txt", Self.queries)
        var servers: [(name: String, node: String, figures: [Double])] = [
            ("geodns", "dns-1", []), ("knot", "knot-1", []),
        ]
        for repetition in 0..<repetitions {
            for index in repetition % 2 == 0 ? [0, 1] : [1, 0] {
                let rate = try await dnsperf.rate(
                    of: try stack.address(of: servers[index].node), queries: queries,
                    for: Self.length, from: stack)
                servers[index].figures.append(rate)
                Heading.progress("\(servers[index].name): \(Figure.text(rate, places: 0))/s")
            }
        }
        return servers.map { ($0.name, $0.figures) }
    }
}
