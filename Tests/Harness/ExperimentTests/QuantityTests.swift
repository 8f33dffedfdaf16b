// Numbers with units: what is read, exactly, and what is refused, in which words.

import Testing

@testable import Experiment

struct QuantityTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)),
        ("2s", .seconds(2)),
        ("1m30s", .seconds(90)),
        ("100us", .microseconds(100)),
        ("1h2m3s4ms5us6ns", .nanoseconds(3_723_004_005_006)),
        ("0.3s", .milliseconds(300)),  // not 299.999...
        ("1.5m", .seconds(90)),
        ("0s", .zero),
        ("0.0000000001s", .zero),  // below a nanosecond
    ])
    func `a duration is read exactly`(text: String, expected: Duration) throws {
        #expect(try Quantity.duration(text) == expected)
    }

    @Test(arguments: [
        ("", "a duration is missing", 0),
        ("8", "\"8\" has no unit; write 8ms, 8s or 8m", 0),
        ("-1s", "a duration cannot be negative", 0),
        ("s", "\"s\" is not a duration such as 250ms, 2s or 1m30s", 0),
        ("2 s", "\"2 s\" is not a duration such as 250ms, 2s or 1m30s", 0),
        ("1s2m", "the units of \"1s2m\" must go from long to short, each once", 3),
        ("1s2s", "the units of \"1s2s\" must go from long to short, each once", 3),
        ("5sec", "unknown unit \"sec\" in \"5sec\"; the units are h, m, s, ms, us, ns", 1),
        ("1.2.3s", "\"1.2.3s\" is not a number with a unit", 0),
        ("99999999999h", "\"99999999999h\" is too large", 0),
        ("9999999999999999999s", "\"9999999999999999999s\" is too large", 0),
    ])
    func `a duration is refused in words`(text: String, message: String, offset: Int) {
        #expect(throws: ValueError(message, offset: offset)) { try Quantity.duration(text) }
    }

    @Test(arguments: [
        Duration.zero, .nanoseconds(1), .milliseconds(250), .seconds(90), .seconds(3661),
        .nanoseconds(3_723_004_005_006),
    ])
    func `a duration that is written is read back`(duration: Duration) throws {
        #expect(try Quantity.duration(Quantity.text(duration)) == duration)
    }

    @Test func `durations are written as people write them`() {
        #expect(Quantity.text(.milliseconds(90_250)) == "1m30s250ms")
        #expect(Quantity.text(.zero) == "0s")
        #expect(Quantity.text(.milliseconds(-5)) == "-5ms")
    }

    @Test(arguments: [("0.999", 0.999), ("99.9%", 0.999), ("0", 0), ("1", 1), ("100%", 1)])
    func `a ratio is read`(text: String, expected: Double) throws {
        #expect(abs(try Quantity.ratio(text) - expected) < 1e-12)
    }

    @Test(arguments: [
        ("99.9", "99.9 is not between 0 and 1, or 0% and 100%", "99.9%"),
        ("101%", "101% is not between 0 and 1, or 0% and 100%", nil),
        ("-1%", "-1% is not between 0 and 1, or 0% and 100%", nil),
        ("half", "\"half\" is not a ratio such as 0.999 or 99.9%", nil),
        ("1e-1", "\"1e-1\" is not a ratio such as 0.999 or 99.9%", nil),
        ("%", "\"%\" is not a ratio such as 0.999 or 99.9%", nil),
        ("nan", "\"nan\" is not a ratio such as 0.999 or 99.9%", nil),
    ])
    func `a ratio is refused in words`(text: String, message: String, suggestion: String?) {
        #expect(throws: ValueError(message, suggestion: suggestion)) { try Quantity.ratio(text) }
    }

    @Test(arguments: [("2000/s", 2000.0), ("90/m", 1.5), ("0.5/s", 0.5)])
    func `a rate is read per second`(text: String, expected: Double) throws {
        #expect(try Quantity.rate(text) == expected)
    }

    @Test(arguments: [
        ("2000", "\"2000\" has no unit; write 2000/s"),
        ("2000/h", "a rate is counted per s or m, not \"h\""),
        ("fast/s", "\"fast/s\" is not a rate such as 2000/s"),
        ("1/s/s", "\"1/s/s\" is not a rate such as 2000/s"),
    ])
    func `a rate is refused in words`(text: String, message: String) {
        #expect(throws: ValueError(message)) { try Quantity.rate(text) }
    }

    @Test(arguments: [("64MiB", 64 << 20), ("1.5KiB", 1536), ("512B", 512), ("2GiB", 2 << 30)])
    func `a size is read in bytes`(text: String, expected: Int) throws {
        #expect(try Quantity.size(text) == expected)
    }

    @Test(arguments: [
        ("64", "\"64\" has no unit; write 64MiB, 64KiB or 64B", nil),
        ("64MB", "\"64MB\" is not a size such as 64MiB", "64MiB"),
        ("MiB", "\"MiB\" is not a size such as 64MiB", nil),
        ("99999999999GiB", "\"99999999999GiB\" is too large", nil),
    ])
    func `a size is refused in words`(text: String, message: String, suggestion: String?) {
        #expect(throws: ValueError(message, suggestion: suggestion)) { try Quantity.size(text) }
    }
}

struct NearestWordTests {
    @Test(arguments: [
        ("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("traget", "target", 1),  // a swap
        ("kil", "kill", 1), ("killl", "kill", 1), ("cill", "kill", 1), ("kitten", "sitting", 3),
        ("KILL", "kill", 0),
    ])
    func `the distance counts edits and swaps`(left: String, right: String, expected: Int) {
        #expect(NearestWord.distance(left, right) == expected)
        #expect(NearestWord.distance(right, left) == expected)
    }

    @Test func `only a near word is offered`() {
        let words = ["kill", "pause", "latency", "partition"]
        #expect(NearestWord.find("partion", among: words) == "partition")
        #expect(NearestWord.find("latencey", among: words) == "latency")
        #expect(NearestWord.find("explode", among: words) == nil)
        #expect(NearestWord.find("x", among: []) == nil)
        #expect(NearestWord.find("7", among: ["1", "2"]) == nil, "one letter is no likeness")
    }
}
