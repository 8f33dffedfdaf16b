// ladder.json: the ladder for programs. The schema is `faultline/ladder/v1`, and within v1 members are only
// ever added. Rates are in requests a second; times end in `Nanoseconds`.
//
//     schema, outcome, exitCode, seed, started, elapsedNanoseconds, objectives [text], thinkTimeSeconds,
//     load {arrivals, journeys {}, users, popularity}, host {}, failure,
//     phases [{name, file, nodes, claimUsers, rate, failingRate, users, confirmed, atLeast, limit:
//              objectives | generator | range, heldToBudgets, budgets {tier: text},
//              costs [{tier, nodes, microsecondsPerRequest, busiest, busiestShare, ceiling}],
//              bottleneck {rate, tier, node, resource, pressure, saturatedSinceNanoseconds, evidence},
//              kills [{target, tier, node, redundancy, rate, users, usersAffected, requestsLost,
//                      recovery {status, nanoseconds, reason}, lostWrites}],
//              trials [{rate, purpose, outcome: held | failed | saturated, planned, ok,
//                       p50Nanoseconds, p99Nanoseconds, reasons}], next [text], problems [text]}],
//     steps [{from, to, claim: holds | eased | fails | unknown, text}]

import Checkers
import Experiment
package import Wire

extension LadderReport {
    /// The whole document.
    package var json: JSON {
        [
            "schema": "faultline/ladder/v1",
            "outcome": .string(outcome.word),
            "exitCode": .integer(Int64(outcome.exitCode)),
            "seed": Int64(exactly: seed).map(JSON.integer) ?? .string(String(seed)),
            "started": .string(started),
            "elapsedNanoseconds": .integer(elapsed),
            "objectives": .array(objectives.map(JSON.string)),
            "thinkTimeSeconds": .number(thinkTime),
            "load": [
                "arrivals": .string(load.arrivals.rawValue),
                "journeys": .object(
                    load.journeys.map { ($0.journey.rawValue, .number($0.share)) }),
                "users": .integer(Int64(load.users)),
                "popularity": .number(load.popularity),
            ],
            "host": facts(host),
            "failure": failure.map(JSON.string) ?? .null,
            "phases": .array(rungs.map(json)),
            "steps": .array(steps.map(json)),
        ]
    }

    private func json(_ rung: LadderRung) -> JSON {
        let rate = rung.result?.rate
        return [
            "name": .string(rung.name),
            "file": .string(rung.file),
            "nodes": .integer(Int64(rung.nodes)),
            "claimUsers": number(rung.claim),
            "rate": rate.map(JSON.number) ?? .null,
            "failingRate": rung.result?.failing.map(JSON.number) ?? .null,
            "users": number(rate.map(users)),
            "confirmed": .bool(rung.result?.isConfirmed ?? false),
            "atLeast": .bool(rung.result?.isAtLeast ?? false),
            "limit": rung.result.map { .string($0.limit.rawValue) } ?? .null,
            "heldToBudgets": .bool(rung.isHeld),
            "budgets": facts(rung.budgets),
            "bottleneck": rung.bottleneck.map(json) ?? .null,
            "costs": .array(rung.costs.map(json)),
            "kills": .array(rung.kills.map(json)),
            "trials": .array(rung.trials.map(json)),
            "next": .array(rung.next.map(JSON.string)),
            "problems": .array(rung.problems.map(JSON.string)),
        ]
    }

    private func json(_ bottleneck: LadderBottleneck) -> JSON {
        .object([("rate", .number(bottleneck.rate))] + (bottleneck.finding.json.object ?? []))
    }

    private func json(_ cost: TierCost) -> JSON {
        [
            "tier": .string(cost.tier), "nodes": .integer(Int64(cost.nodes)),
            "microsecondsPerRequest": .number((cost.perRequest * 10).rounded() / 10),
            "busiest": .string(cost.busiest),
            "busiestShare": .number((cost.busiestShare * 1000).rounded() / 1000),
            "ceiling": .number(cost.ceiling.rounded()),
        ]
    }

    private func json(_ step: LadderStep) -> JSON {
        [
            "from": .string(step.from), "to": .string(step.to),
            "claim": .string(step.claim.rawValue), "text": .string(step.text),
        ]
    }

    private func json(_ kill: LadderKill) -> JSON {
        [
            "target": .string(kill.target), "tier": .string(kill.tier),
            "node": .string(kill.cost.node), "redundancy": .integer(Int64(kill.redundancy)),
            "rate": .number(kill.cost.rate), "users": .integer(Int64(kill.cost.users)),
            "usersAffected": .integer(Int64(kill.cost.usersAffected)),
            "requestsLost": .integer(Int64(kill.cost.requestsLost)),
            "recovery": kill.cost.recovery.json, "lostWrites": number(kill.cost.lostWrites),
        ]
    }

    private func json(_ trial: LadderTrial) -> JSON {
        [
            "rate": .number(trial.rate), "purpose": .string(trial.purpose.rawValue),
            "outcome": .string(trial.outcome.rawValue),
            "planned": .integer(Int64(trial.planned)), "ok": .integer(Int64(trial.ok)),
            "p50Nanoseconds": trial.p50.map(JSON.integer) ?? .null,
            "p99Nanoseconds": trial.p99.map(JSON.integer) ?? .null,
            "reasons": .array(trial.reasons.map(JSON.string)),
        ]
    }

    private func number(_ value: Int?) -> JSON { value.map { .integer(Int64($0)) } ?? .null }

    private func facts(_ facts: [RunFacts.Fact]) -> JSON {
        .object(facts.map { ($0.name, .string($0.value)) })
    }
}
