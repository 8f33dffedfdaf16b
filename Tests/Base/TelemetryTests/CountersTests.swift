// Counters and gauges and their text.

import Testing

@testable import Telemetry

@Suite struct CountersTests {
    @Test func `names appear sorted, one a line`() {
        var counters = Counters()
        counters.add(to: "requests_total")
        counters.add(41, to: "requests_total")
        counters.set("connections", to: 7)
        counters.set("connections", to: -3)
        counters.add(0, to: "errors_total")
        #expect(counters.text == "connections -3\nerrors_total 0\nrequests_total 42\n")
        #expect(counters["requests_total"] == 42)
        #expect(counters["unknown"] == 0)
    }

    @Test func `the text reads back`() {
        var counters = Counters()
        counters.add(.max, to: "big")
        counters.set("low", to: .min)
        #expect(Counters(parsing: counters.text) == counters)
        #expect(Counters(parsing: "") == Counters())
    }

    @Test(arguments: ["a", "a b", "a 1 2", " 1", "a  1", "a 1.5"])
    func `other text is refused`(text: String) {
        #expect(Counters(parsing: text) == nil)
    }
}
