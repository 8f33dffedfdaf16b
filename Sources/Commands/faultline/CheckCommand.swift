// `faultline check`: judges recorded histories, of Jepsen and others, by the checkers that no run is
// needed for.

import Consistency
import Linux

struct CheckCommand {
    enum Model: String, CaseIterable {
        case register
        case casRegister = "cas-register"
        case keyValue = "kv"
        case listAppend = "list-append"
        case set
        case bank
        case queue
    }

    private let model: Model
    private let files: [String]
    private let limit: Duration
    private let level: IsolationLevel
    private let total: Int64?
    private let allowsNegative: Bool

    init(_ rest: ArraySlice<String>) throws {
        let arguments = try Arguments(
            rest, valued: ["--model", "--limit", "--level", "--total"],
            plain: ["--negative-balances"])
        files = arguments.words
        guard !files.isEmpty else {
            throw UsageError("expected files; see faultline check --help")
        }
        let models = Model.allCases.map(\.rawValue).joined(separator: ", ")
        guard
            let model = try arguments.value(
                "--model", as: "one of \(models)", Model.init(rawValue:))
        else { throw UsageError("--model=... is missing: one of \(models)") }
        self.model = model
        limit =
            try arguments.value("--limit", as: "seconds, from 1 to 3600") {
                Int($0).flatMap { (1...3600).contains($0) ? Duration.seconds($0) : nil }
            } ?? .seconds(60)
        let levels = IsolationLevel.allCases.map(\.rawValue).joined(separator: ", ")
        level =
            try arguments.value("--level", as: "one of \(levels)", IsolationLevel.init(rawValue:))
            ?? .serializable
        total = try arguments.value("--total", as: "an integer") { Int64($0) }
        allowsNegative = arguments.has("--negative-balances")
    }

    func perform() throws -> Int32 {
        var worst = ExitCode.held
        for file in files {
            let code = try judge(file)
            // Nothing may hide behind a failure: what could not be decided weighs more.
            worst = max(worst, code)
        }
        return worst
    }

    private func judge(_ file: String) throws -> Int32 {
        let calls: [RecordedCall]
        do throws(RecordedCalls.Failure) {
            calls = try RecordedCalls.read(path: file)
        } catch {
            switch error {
            case .file(let error): throw UsageError("\(file): \(error)")
            case .history(let error): throw UsageError("\(file):\(error)")
            }
        }
        let finding: ConsistencyFinding
        do throws(RecordedHistoryError) {
            finding = try self.finding(calls)
        } catch {
            throw UsageError("\(file):\(error)")
        }
        Output.write("\(file): \(word(finding.verdict)): \(finding.summary)\n", to: 1)
        for lines in finding.evidence {
            Output.write(lines.map { "    \($0)\n" }.joined() + "\n", to: 1)
        }
        switch finding.verdict {
        case .holds: return ExitCode.held
        case .broken: return ExitCode.failed
        case .unknown: return ExitCode.inconclusive
        }
    }

    private func finding(
        _ calls: [RecordedCall]
    ) throws(RecordedHistoryError) -> ConsistencyFinding {
        let end = MonotonicTime.now() + limit
        var budget = SearchBudget { .now() > end }
        switch model {
        case .register, .casRegister: return try LinearizabilityCheck.register(calls, &budget)
        case .keyValue: return try LinearizabilityCheck.keyValue(calls, &budget)
        case .listAppend: return try ListAppendCheck.judge(calls, level: level)
        case .set: return try SetCheck.judge(calls)
        case .bank:
            return try BankCheck.judge(calls, total: total, allowsNegative: allowsNegative)
        case .queue: return try QueueCheck.judge(calls)
        }
    }

    private func word(_ verdict: ConsistencyFinding.Verdict) -> String {
        switch verdict {
        case .holds: "holds"
        case .broken: "BROKEN"
        case .unknown: "unknown"
        }
    }
}
