// How far a replay was from what it replayed: each fault's time, and whether it fell on the same
// nodes.

package import Experiment
import Linux

extension Incident {
    /// The experiment with each step at the time at which it was recorded.
    package var replayPlan: ExperimentPlan {
        var plan = experiment
        plan.seed = seed
        for index in plan.method.indices {
            guard let event = events.first(where: { $0.step == plan.method[index].id }) else {
                continue
            }
            plan.method[index].at = event.injected
            if let healed = event.healed, healed > event.injected {
                plan.method[index].duration = healed - event.injected
            }
        }
        return plan
    }
}

/// The events of a replay beside those of its recording.
package struct Drift {
    package struct Line: Equatable, Sendable {
        package let step: String
        package let injected: Duration
        package let healed: Duration?
        package let recordedNodes: [String]
        package let nodes: [String]
    }

    package let lines: [Line]
    /// Steps of the recording that the replay did not come to.
    package let missing: [String]
    package let sameArrivals: Bool

    package init(_ incident: Incident, _ result: RunResult) {
        self.init(
            recorded: incident.events, replayed: result.recorded,
            sameArrivals: incident.arrivals == result.arrivals)
    }

    package init(recorded: [RecordedEvent], replayed: [RecordedEvent], sameArrivals: Bool) {
        self.sameArrivals = sameArrivals
        missing = recorded.map(\.step).filter { step in !replayed.contains { $0.step == step } }
        lines = recorded.compactMap { event in
            guard let again = replayed.first(where: { $0.step == event.step }) else { return nil }
            var healed: Duration?
            if let before = event.healed, let now = again.healed { healed = now - before }
            return Line(
                step: event.step, injected: again.injected - event.injected, healed: healed,
                recordedNodes: event.places, nodes: again.places)
        }
    }

    package var text: String {
        var text = "drift from the recording:\n"
        for line in lines {
            let same = line.nodes == line.recordedNodes
            text += "  step \(line.step): injected \(signed(line.injected))"
            if let healed = line.healed { text += ", healed \(signed(healed))" }
            text +=
                same
                ? ", on the same \(line.nodes.count == 1 ? line.nodes[0] : "targets")\n"
                : ", on \(brief(line.nodes)) instead of \(brief(line.recordedNodes))\n"
        }
        for step in missing { text += "  step \(step): did not happen\n" }
        text += "  arrivals: \(sameArrivals ? "the same" : "others than recorded")\n"
        return text
    }

    private func brief(_ places: [String]) -> String {
        places.count > 2
            ? "\(places[0]) and \(places.count - 1) more" : places.joined(separator: ", ")
    }

    private func signed(_ duration: Duration) -> String {
        let micros = duration.nanoseconds / 1000
        let sign = micros < 0 ? "-" : "+"
        let size = micros.magnitude
        return "\(sign)\(size / 1000).\(threeDigits(size % 1000))ms"
    }

    private func threeDigits(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }
}

extension RecordedEvent {
    fileprivate var places: [String] { nodes + links.map { "\($0.from) -> \($0.to)" } }
}
