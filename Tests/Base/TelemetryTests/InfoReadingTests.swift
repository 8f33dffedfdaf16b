// INFO as Redis and our tiers write it.

import Telemetry
import Testing

struct InfoReadingTests {
    private let text =
        "# Server\r\nredis_version:7.0.15\r\n\r\n# Stats\r\nhits:12\r\nratio:0.5\r\n"
        + "peer_2:match=9,active=true\r\nbroken\r\nempty:\r\n"

    @Test func `lines and the parts of lines have names`() {
        let fields = InfoReading.fields(of: text)
        #expect(
            fields.map(\.name)
                == ["redis_version", "hits", "ratio", "peer_2_match", "peer_2_active"])
        #expect(fields.map { String($0.value) } == ["7.0.15", "12", "0.5", "9", "true"])
    }

    @Test func `numbers are told from words`() {
        let numbers = InfoReading.numbers(of: text)
        #expect(numbers.map(\.name) == ["hits", "ratio", "peer_2_match"])
        #expect(numbers.map(\.value) == [12, 0.5, 9])
        #expect(InfoReading.numbers(of: "").isEmpty)
    }
}
