// verdict.json: the verdict for programs. The schema is `faultline/verdict/v1`, and within v1 members
// are only ever added. Every member is always there, null when it has no value. Times and lengths end
// in `Nanoseconds`; times count from the run's epoch.
//
//     schema, experiment, file, topology, seed (a string from 2^63), started (RFC 3339), elapsedNanoseconds,
//     outcome: passed | failed | inconclusive | invalid | bad-experiment | host-lacking
//              | harness-failed | interrupted,
//     exitCode, reasons [string, worst first], host {name: value}, versions {name: value},
//     phases [{phase, startNanoseconds, endNanoseconds, planned, ok, failed, unknown, shed,
//              neverSent, latencyNanoseconds {p50, p90, p95, p99, p99.9}}],
//     objectives [{objective, status: held | failed | no-data | unknown, measured, value}],
//     faults [{step, fault, target, nodes, plannedNanoseconds, injectedNanoseconds,
//              injectTookNanoseconds, provedNanoseconds, healedNanoseconds, healTookNanoseconds,
//              provedHealedNanoseconds, proven, promise {}, proof {},
//              recoveryFromInjection, recoveryFromHeal
//                  {status: recovered | not-recovered | no-data, nanoseconds, reason},
//              trough {ok, planned}, latencyPeakNanoseconds, operationsLost}],
//     load {planned, ok, failed, unknown, shed, neverSent, lagP99Nanoseconds, late, judged,
//           problems}, steadyState {planned, ok, p99Nanoseconds, problem},
//     data {acknowledged, lostCount, lost [{operation, effect, key, user, acknowledgedBy, servedBy,
//           acknowledgedAtNanoseconds, circumstance}], setAsideCount, setAside [{key, reason}],
//           unverifiedCount, unverified [key], orders,
//           duplicateCount, duplicates [{key, effects, operation}], uncountedCount,
//           uncounted [key], unreadableReason},
//     budgets {tier: text}, bottleneck {tiers [{tier, node, resource: cpu | memory | disk | queue | host,
//           pressure, saturatedSinceNanoseconds, evidence}]}, the first to saturate first
//
// `value` of an objective is in its own unit: a share of one, seconds, operations a second, a count.
// Lists of writes stop at a thousand; their counts do not.

import Checkers
import Experiment
import History
package import Wire

extension RunReport {
    /// The whole document.
    package var json: JSON {
        [
            "schema": "faultline/verdict/v1",
            "experiment": .string(facts.experiment),
            "file": JSON(facts.file),
            "topology": JSON(facts.topology),
            // A seed uses all 64 bits, for which JSON's integers have no room.
            "seed": Int64(exactly: facts.seed).map(JSON.integer) ?? .string(String(facts.seed)),
            "started": .string(facts.started),
            "elapsedNanoseconds": .integer(facts.elapsed),
            "outcome": .string(verdict.outcome.word),
            "exitCode": .integer(Int64(verdict.exitCode)),
            "reasons": .array(verdict.reasons.map(JSON.string)),
            "host": JSON(facts.host),
            "budgets": JSON(facts.budgets),
            "versions": JSON(facts.versions),
            "phases": .array(verdict.phases.map(\.json)),
            "objectives": .array(verdict.judgements.map(\.json)),
            "faults": .array(verdict.faults.map(\.json)),
            "load": verdict.generator?.json ?? .null,
            "steadyState": verdict.steadyState?.json ?? .null,
            "data": verdict.data?.json ?? .null,
            "bottleneck": verdict.bottleneck?.json ?? .null,
        ]
    }

    /// The bytes of verdict.json, indented, with a line feed at the end.
    package func verdictFile() -> [UInt8] {
        var bytes: [UInt8] = []
        json.encode(into: &bytes, layout: .indented)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}

extension JSON {
    fileprivate static let writesMax = 1000

    fileprivate init(_ value: String?) { self = value.map(JSON.string) ?? .null }
    fileprivate init(_ value: Int64?) { self = value.map(JSON.integer) ?? .null }
    fileprivate init(_ value: Int?) { self.init(value.map(Int64.init)) }
    fileprivate init(_ value: Double?) { self = value.map(JSON.number) ?? .null }

    fileprivate init(_ facts: [RunFacts.Fact]) {
        self = .object(facts.map { ($0.name, .string($0.value)) })
    }

    fileprivate init(_ keys: [String]) {
        self = .array(keys.prefix(JSON.writesMax).map(JSON.string))
    }

    fileprivate static func object(_ count: OutcomeCount, _ others: [(String, JSON)]) -> JSON {
        let members: [(String, JSON)] = [
            ("planned", JSON(count.planned)), ("ok", JSON(count.ok)),
            ("failed", JSON(count.failed)), ("unknown", JSON(count.unknown)),
            ("shed", JSON(count.shed)), ("neverSent", JSON(count.neverSent)),
        ]
        return .object(members + others)
    }
}

extension PhaseFigures {
    fileprivate var json: JSON {
        let percentiles = Objective.Percentile.allCases.map { ($0.rawValue, JSON(latency[$0])) }
        let head: [(String, JSON)] = [
            ("phase", .string(span.phase.rawValue)),
            ("startNanoseconds", .integer(span.start)),
            ("endNanoseconds", .integer(span.end)),
        ]
        let tail = JSON.object(count, [("latencyNanoseconds", .object(percentiles))])
        return .object(head + (tail.object ?? []))
    }
}

extension Judgement {
    fileprivate var json: JSON {
        [
            "objective": .string(objective.text),
            "status": .string(status.rawValue),
            "measured": .string(measured),
            "value": JSON(value),
        ]
    }
}

extension FaultFinding {
    fileprivate var json: JSON {
        [
            "step": .string(record.step),
            "fault": .string(record.fault),
            "target": .string(record.target),
            "nodes": .array(record.nodes.map(JSON.string)),
            "plannedNanoseconds": JSON(record.planned),
            "injectedNanoseconds": .integer(record.injected),
            "injectTookNanoseconds": JSON(record.injectTook),
            "provedNanoseconds": JSON(record.proved),
            "healedNanoseconds": JSON(record.healed),
            "healTookNanoseconds": JSON(record.healTook),
            "provedHealedNanoseconds": JSON(record.provedHealed),
            "proven": .bool(record.isProven),
            "promise": TimelineEvent.json(record.promise),
            "proof": TimelineEvent.json(record.proof),
            "recoveryFromInjection": recovery.fromInjection.json,
            "recoveryFromHeal": recovery.fromHeal.json,
            "trough": recovery.trough.map { ["ok": JSON($0.ok), "planned": JSON($0.planned)] }
                ?? .null,
            "latencyPeakNanoseconds": JSON(recovery.latencyPeak),
            "operationsLost": JSON(recovery.operationsLost),
        ]
    }
}

extension FaultRecovery.Finding {
    var json: JSON {
        switch self {
        case .recovered(let nanoseconds):
            ["status": "recovered", "nanoseconds": .integer(nanoseconds), "reason": nil]
        case .notRecovered:
            ["status": "not-recovered", "nanoseconds": nil, "reason": nil]
        case .noData(let reason):
            ["status": "no-data", "nanoseconds": nil, "reason": .string(reason)]
        }
    }
}

extension GeneratorFindings {
    fileprivate var json: JSON {
        let recorded = JSON.object(
            count,
            [
                ("lagP99Nanoseconds", JSON(lagP99)), ("late", JSON(late)),
                ("judged", JSON(judged)), ("problems", .array(problems.map(JSON.string))),
            ])
        // `planned` is what the plan says, which the recorded operations may miss.
        let members = (recorded.object ?? []).filter { $0.0 != "planned" }
        return .object([("planned", JSON(planned))] + members)
    }
}

extension SteadyStateFinding {
    fileprivate var json: JSON {
        [
            "planned": JSON(count?.planned), "ok": JSON(count?.ok),
            "p99Nanoseconds": JSON(p99), "problem": JSON(problem),
        ]
    }
}

extension DataFindings {
    fileprivate var json: JSON {
        [
            "acknowledged": JSON(acknowledged),
            "lostCount": JSON(lost.count),
            "lost": .array(lost.prefix(JSON.writesMax).map(\.json)),
            "setAsideCount": JSON(setAside.count),
            "setAside": .array(
                setAside.prefix(JSON.writesMax).map { order in
                    ["key": .string(order.key), "reason": .string(order.reason)]
                }),
            "unverifiedCount": JSON(unverified.count),
            "unverified": JSON(unverified),
            "orders": JSON(orders),
            "duplicateCount": JSON(duplicates.count),
            "duplicates": .array(
                duplicates.prefix(JSON.writesMax).map { duplicate in
                    [
                        "key": .string(duplicate.key), "effects": JSON(duplicate.effects),
                        "operation": JSON(duplicate.operation),
                    ]
                }),
            "uncountedCount": JSON(uncounted.count),
            "uncounted": JSON(uncounted),
            "unreadableReason": JSON(unreadableReason),
        ]
    }
}

extension LostWrite {
    fileprivate var json: JSON {
        [
            "operation": JSON(operation),
            "effect": .string(effect.rawValue),
            "key": .string(key),
            "user": JSON(user),
            "acknowledgedBy": JSON(acknowledgedBy),
            "servedBy": JSON(servedBy),
            "acknowledgedAtNanoseconds": .integer(acknowledgedAt),
            "circumstance": .string(circumstance.text),
        ]
    }
}
