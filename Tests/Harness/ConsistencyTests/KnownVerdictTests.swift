// Recorded histories whose verdict others established, read where they lie: the folder that
// FAULTLINE_HISTORIES names, or ../shared/histories. They are not part of this project; where they
// are absent the tests are skipped, and say so.

import Linux
import Testing

@testable import Consistency

private enum Histories {
    static let folder = CurrentProcess.environment("FAULTLINE_HISTORIES") ?? "../shared/histories"
    static let arePresent = File.isDirectory(folder)

    static func read(_ name: String) throws -> [RecordedCall] {
        try RecordedCalls.read(path: "\(folder)/\(name)")
    }
}

@Suite(.enabled(if: Histories.arePresent, "no recorded histories at \(Histories.folder)"))
struct KnownVerdictTests {
    @Test func `the registers of etcd are judged as their list says`() throws {
        let list = try File.text(of: "\(Histories.folder)/etcd-cas-register/verdicts.csv")
        let rows = list.split(whereSeparator: \.isNewline).dropFirst()
        #expect(rows.count > 50)
        for row in rows {
            let cells = row.split(separator: ",")
            let history = try Histories.read("etcd-cas-register/\(cells[0])")
            #expect(try register(history) == (cells[1] == "true" ? .holds : .broken), "\(row)")
        }
    }

    @Test(arguments: ["c01", "c10"])
    func `key-value histories are judged as their names say`(name: String) throws {
        for (suffix, verdict) in [("ok", ConsistencyFinding.Verdict.holds), ("bad", .broken)] {
            var budget = SearchBudget()
            let history = try Histories.read("kv/\(name)-\(suffix).txt")
            #expect(try LinearizabilityCheck.keyValue(history, &budget).verdict == verdict)
        }
    }

    @Test(arguments: [
        ("bad-bad-analysis", ConsistencyFinding.Verdict.broken), ("bad-cas-failure", .broken),
        ("good-memstress3-9", .holds),
    ])
    func `registers of Knossos are judged as their names say`(
        name: String, verdict: ConsistencyFinding.Verdict
    ) throws {
        #expect(try register(Histories.read("knossos/\(name).edn")) == verdict)
    }

    @Test func `the example of the Elle paper is read skew, its issue 30 write skew`() throws {
        for (name, anomaly) in [("paper-example", "G-single"), ("list-append-gh-30", "G2-item")] {
            let history = try Histories.read("elle/\(name).edn")
            let finding = try ListAppendCheck.judge(history, level: .serializable)
            #expect(finding.verdict == .broken && finding.summary.contains(anomaly))
        }
    }

    @Test func `the bank adds up, and the set kept all that was added`() throws {
        let bank = try Histories.read("elle/bank.edn")
        #expect(try BankCheck.judge(bank, total: 100, allowsNegative: false).verdict == .holds)
        #expect(try SetCheck.judge(Histories.read("elle/set_full.edn")).verdict == .holds)
    }
}
