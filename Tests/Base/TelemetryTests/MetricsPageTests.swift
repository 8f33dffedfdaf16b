// The exposition format as a scraper reads it: families together, labels escaped, buckets cumulative.

import Telemetry
import Testing

struct MetricsPageTests {
    @Test func `samples of a family stand together under one head`() {
        var page = MetricsPage(labels: ["node": "app-1"])
        page.counter("requests_total", "Requests answered.", 3, ["class": "2xx"])
        page.gauge("in_flight", "Now.", 1.5)
        page.counter("requests_total", "Requests answered.", 1, ["class": "5xx"])
        #expect(
            page.text == """
                # HELP requests_total Requests answered.
                # TYPE requests_total counter
                requests_total{node="app-1",class="2xx"} 3
                requests_total{node="app-1",class="5xx"} 1
                # HELP in_flight Now.
                # TYPE in_flight gauge
                in_flight{node="app-1"} 1.5

                """)
    }

    @Test func `buckets are cumulative and the last has everything`() {
        var values = FixedHistogram(bounds: [0.25, 1])
        for value in [0.125, 0.25, 0.5, 2] { values.record(value) }
        #expect(values.counts == [2, 1, 1])
        var page = MetricsPage()
        page.histogram("wait_seconds", "Waits.", values)
        #expect(
            page.text == """
                # HELP wait_seconds Waits.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.25"} 2
                wait_seconds_bucket{le="1"} 3
                wait_seconds_bucket{le="+Inf"} 4
                wait_seconds_sum 2.875
                wait_seconds_count 4

                """)
    }

    @Test func `what would break a line is escaped`() {
        var page = MetricsPage()
        page.gauge("x", "a \"b\"\nc\\", 0, ["reason": "say \"no\"\n\\"])
        #expect(page.text.contains(#"# HELP x a "b"\nc\\"#))
        #expect(page.text.contains(#"x{reason="say \"no\"\n\\"} 0"#))
        #expect(page.text.split(separator: "\n").count == 3)
    }

    @Test(arguments: [
        ("keyspace_hits", "keyspace_hits"), ("inFlight", "in_flight"), ("p99.9", "p99_9"),
        ("9lives", "_9lives"), ("", "_"),
    ])
    func `any text becomes the name of a metric`(text: String, name: String) {
        #expect(MetricsPage.name(from: text) == name)
    }

    @Test(arguments: [
        (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        (1e18, "1000000000000000000"),
    ])
    func `odd values have the words of the format`(value: Double, text: String) {
        var page = MetricsPage()
        page.gauge("x", "y", value)
        #expect(page.text.hasSuffix("x \(text)\n"))
    }

    @Test func `a page is read back without its buckets`() {
        var page = MetricsPage(labels: ["node": "app-1", "tier": "app"])
        page.counter("a_total", "a", 7)
        page.gauge("b", "b", 2, ["backend": "app-2", "state": "up"])
        var waits = FixedHistogram.latency
        waits.record(.milliseconds(2))
        page.histogram("c_seconds", "c", waits)
        let samples = MetricsReading.samples(of: page.text + "broken\nworse x\n")
        #expect(
            samples.map(\.name) == [
                "a_total", "b[backend=app-2,state=up]", "c_seconds_sum", "c_seconds_count",
            ])
        #expect(samples.map(\.value) == [7, 2, 0.002, 1])
    }

    @Test func `lines past their rate are left out and told of`() {
        var rate = LogRate(perSecond: 2)
        #expect(rate.take(at: .seconds(1)) == 0)
        #expect(rate.take(at: .milliseconds(1500)) == 0)
        #expect(rate.take(at: .milliseconds(1600)) == nil)
        #expect(rate.take(at: .milliseconds(1999)) == nil)
        #expect(rate.take(at: .seconds(2)) == 2)
        #expect(rate.take(at: .seconds(2)) == 0)
    }
}
