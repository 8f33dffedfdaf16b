// Log lines: one event is one line, whatever is in it, and quiet levels cost nothing.

import Linux
import Synchronization
import Testing

@testable import Telemetry

@Suite struct LogLineTests {
    private func line(_ message: String, _ fields: [(key: String, value: String)] = []) -> String {
        LogLine(
            time: .nanoseconds(12_345_678_901), level: .info, component: "store-1-2",
            message: message, fields: fields
        ).text
    }

    @Test func `bare words stand as they are, in the order given`() {
        #expect(
            line("up", [("term", "3"), ("peer", "10.0.1.4:7001")])
                == "t=12.345678 level=info from=store-1-2 msg=up term=3 peer=10.0.1.4:7001\n")
    }

    @Test(arguments: [
        ("became leader", "\"became leader\""),
        ("", "\"\""),
        ("a=b", "\"a=b\""),
        ("say \"hi\"", #""say \"hi\"""#),
        ("back\\slash", #""back\\slash""#),
        ("two\nlines\r\tend", #""two\nlines\r\tend""#),
        ("bell\u{7}del\u{7f}", #""bell\u0007del\u007f""#),
        ("grüße", "grüße"),
        ("line\u{2028}separator", "line\u{2028}separator"),
    ])
    func `what is no bare word is quoted`(message: String, quoted: String) {
        #expect(line(message) == "t=12.345678 level=info from=store-1-2 msg=\(quoted)\n")
    }

    @Test func `an event with line breaks everywhere is one line`() {
        let text = line("a\nb", [("key", "\r\n"), ("other", "x\u{b}\u{c}")])
        #expect(text.utf8.count { $0 == 0x0a } == 1)
        #expect(text.utf8.last == 0x0a)
        #expect(!text.utf8.contains(0x0d))
    }

    @Test func `times keep their leading zeros`() {
        let text = LogLine(
            time: .microseconds(3_000_007), level: .error, component: "app-1", message: "x"
        ).text
        #expect(text.hasPrefix("t=3.000007 level=error "))
    }

    @Test func `lines below the minimum are neither made nor written`() {
        let lines = Mutex<[String]>([])
        let log = Log("app-1", minimum: .warning, now: { .seconds(1) }) { line in
            lines.withLock { $0.append(line) }
        }
        func expensive() -> String {
            Issue.record("a dropped line was made")
            return ""
        }
        log.debug(expensive())
        log.info(expensive())
        log.warning("slow", ["ms": 12, "from": "a b"])
        log.error("gone")
        #expect(
            lines.withLock { $0 } == [
                "t=1.000000 level=warning from=app-1 msg=slow ms=12 from=\"a b\"\n",
                "t=1.000000 level=error from=app-1 msg=gone\n",
            ])
    }

    @Test func `levels are ordered by severity`() {
        #expect(LogLevel.allCases == LogLevel.allCases.sorted())
        #expect(LogLevel.debug < .error)
    }
}
