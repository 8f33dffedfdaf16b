// The reports for people and for CI: that they show what failed, line up, and escape what their
// format gives a meaning to.

import Checkers
import Report
import Testing

struct TextReportTests {
    @Test func `a passed run has only green test cases`() throws {
        let text = String(decoding: try SampleRun.passed().junitFile(), as: UTF8.self)
        #expect(text.contains("tests=\"3\" failures=\"0\" errors=\"0\""))
        #expect(text.contains("name=\"availability &gt;= 99.9% in baseline\"/>"))
        #expect(text.contains("name=\"the run can be judged\"/>"))
        #expect(text.contains("time=\"12.345\""))
        #expect(!text.contains("<failure"))
        #expect(!text.contains("<error"))
    }

    @Test func `failures, missing data and doubts about the run are red`() throws {
        let text = String(decoding: try SampleRun.broken().junitFile(), as: UTF8.self)
        #expect(text.contains("tests=\"3\" failures=\"1\" errors=\"2\""))
        #expect(text.contains("<failure type=\"objective\" message=\"1 lost of 1 acknowledged\">"))
        #expect(text.contains("post p-700 of user 700, acknowledged by store-1-2 at 7s"))
        #expect(text.contains("<error type=\"no-data\" message=\"no operations of journey post"))
        #expect(text.contains("<error type=\"invalid\" message=\"kill store-1-2: not proven"))
        #expect(text.contains("name=\"kill &lt;&amp;&gt; &quot;quote&quot; | pipe\""))
    }

    @Test func `every tag that opens closes`() throws {
        let text = String(decoding: try SampleRun.broken().junitFile(), as: UTF8.self)
        for tag in ["testsuites", "testsuite", "properties", "failure", "error"] {
            let opened =
                occurrences(of: "<\(tag) ", in: text) + occurrences(of: "<\(tag)>", in: text)
            #expect(opened == occurrences(of: "</\(tag)>", in: text))
            #expect(opened > 0)
        }
    }

    @Test func `the summary has the outcome, the tables and the lost write`() throws {
        let text = try SampleRun.broken().markdown()
        #expect(text.hasPrefix("## kill <&> \"quote\" \\| pipe: invalid\n"))
        #expect(text.contains("| `lost_writes == 0` | FAILED | 1 lost of 1 acknowledged |"))
        #expect(text.contains("| fault | 4s | 400 | 97.5% | 5ms | 5ms | 5ms |"))
        #expect(text.contains("- Lost: post p-700 of user 700"))
        #expect(text.contains("- kill store-1-2: not proven to have happened"))
    }

    @Test func `the terminal shows aligned plain lines`() throws {
        let lines = try SampleRun.passed().terminal(coloured: false)
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0].contains("PASSED (exit code 0, seed 18446744073709551615, 12.3s)"))
        #expect(lines[2] == "  STATUS  OBJECTIVE                          MEASURED")
        #expect(lines[3] == "  held    availability >= 99.9% in baseline  100% (600 of 600)")
        #expect(
            lines[4] == "  held    recovery < 2s after each fault     200ms after kill store-1-2")
        #expect(lines.allSatisfy { $0.last != " " })
    }

    @Test func `colour comes only when it is asked for`() throws {
        let report = try SampleRun.broken()
        let plain = report.terminal(coloured: false)
        let coloured = report.terminal(coloured: true)
        #expect(!plain.contains("\u{1B}"))
        #expect(coloured.contains("\u{1B}[31mFAILED\u{1B}[0m"))
        #expect(uncoloured(coloured) == plain)
    }

    @Test func `a run that never started still has a report`() {
        let report = RunReport(SampleRun.facts, Verdict(.badExperiment, reasons: ["line 3: no"]))
        #expect(report.terminal(coloured: false).contains("BAD-EXPERIMENT (exit code 3"))
        #expect(report.terminal(coloured: false).contains("line 3: no"))
        #expect(report.markdown().contains("- line 3: no"))
        let junit = String(decoding: report.junitFile(), as: UTF8.self)
        #expect(junit.contains("tests=\"1\" failures=\"0\" errors=\"1\""))
    }

    private func occurrences(of needle: String, in text: String) -> Int {
        text.ranges(of: needle).count
    }

    private func uncoloured(_ text: String) -> String {
        var result = ""
        var isInEscape = false
        for character in text {
            if character == "\u{1B}" { isInEscape = true }
            if !isInEscape { result.append(character) }
            if isInEscape, character == "m" { isInEscape = false }
        }
        return result
    }
}
