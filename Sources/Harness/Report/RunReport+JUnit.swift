// junit.xml: each objective as a test case, for CI systems that show nothing else. An objective that
// failed is a <failure>; one without data is an <error>, because a CI that counts only failures must
// not show it green. What speaks against the run as a whole is a test case of its own, which is there
// in every report, so that it has a history to turn red in.

import Checkers
import Experiment

extension RunReport {
    /// The bytes of junit.xml.
    package func junitFile() -> [UInt8] {
        let cases = verdict.judgements.map(testCase) + [runCase]
        let failures = verdict.judgements.count { $0.status == .failed }
        let errors = verdict.judgements.count { $0.validity == .unknown }
        let totals =
            "tests=\"\(cases.count)\" failures=\"\(failures)\" "
            + "errors=\"\(errors + (verdict.runReasons.isEmpty ? 0 : 1))\""
        let time = Quantity.fraction(facts.elapsed / 1_000_000, places: 3)
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="faultline" \(totals)>
              <testsuite name="\(XMLText.escaped(facts.experiment))" \(totals) skipped="0" \
            time="\(time)" timestamp="\(XMLText.escaped(facts.started))">
                <properties>
                  <property name="seed" value="\(facts.seed)"/>
                  <property name="outcome" value="\(verdict.outcome.word)"/>
                  <property name="exitCode" value="\(verdict.exitCode)"/>
                </properties>
            \(cases.joined(separator: "\n"))
              </testsuite>
            </testsuites>

            """
        return Array(text.utf8)
    }

    private var runCase: String {
        testCase(
            "the run can be judged",
            verdict.runReasons.first.map { reason in
                let all = verdict.runReasons.joined(separator: "\n")
                return element("error", type: verdict.outcome.word, message: reason, text: all)
            })
    }

    private func testCase(_ judgement: Judgement) -> String {
        let problem: String? =
            switch judgement.status {
            case .held: nil
            case .failed:
                element(
                    "failure", type: "objective", message: judgement.measured,
                    text: details(judgement))
            case .noData, .unknown:
                element(
                    "error", type: judgement.status.rawValue, message: judgement.measured,
                    text: details(judgement))
            }
        return testCase(judgement.objective.text, problem)
    }

    private func testCase(_ name: String, _ problem: String?) -> String {
        let head =
            "    <testcase classname=\"\(XMLText.escaped(facts.experiment))\" name=\"\(XMLText.escaped(name))\""
        guard let problem else { return head + "/>" }
        return head + ">\n      \(problem)\n    </testcase>"
    }

    private func element(_ name: String, type: String, message: String, text: String) -> String {
        "<\(name) type=\"\(type)\" message=\"\(XMLText.escaped(message))\">\(XMLText.escaped(text))</\(name)>"
    }

    private func details(_ judgement: Judgement) -> String {
        guard case .count(let anomaly, _, _) = judgement.objective.claim, let data = verdict.data
        else { return judgement.measured }
        let lines =
            switch anomaly {
            case .lostWrites: data.lost.prefix(20).map(\.text)
            case .duplicateEffects: data.duplicates.prefix(20).map(\.text)
            case .lostSessions: [String]()
            case .deadLetters: data.setAside.prefix(20).map { "order \($0.key): \($0.reason)" }
            }
        return ([judgement.measured] + lines).joined(separator: "\n")
    }
}
