// Lanes for all requests in the air: as many connections as allowed, and a queue for what finds none
// free. Time spent in the queue counts, since latency counts from the intended time; a request
// whose time runs out there is shed.
//
// All requests have the same timeout and come in the order of their intended times, so their
// deadlines come in order too. One sweeper that looks at the oldest serves them all, and the
// length of the queue is bounded by rate times timeout.

import Collections
import History
import Linux
import Reactor

/// A planned request between its dispatch and its end.
@ReactorActor
final class Flight {
    enum State {
        case waiting
        case flying(Lane)
        case over
    }

    let request: PlannedRequest
    let deadline: MonotonicTime
    /// Kept only for a history.
    var operation: Operation?
    fileprivate(set) var state = State.waiting

    init(_ request: PlannedRequest, deadline: MonotonicTime, operation: Operation?) {
        self.request = request
        self.deadline = deadline
        self.operation = operation
    }
}

/// Carries flights to their end, at most `connectionsMax` at once.
@ReactorActor
final class LanePool {
    /// Told of the end of every flight, exactly once.
    typealias Landing = @ReactorActor (Flight, Conclusion, _ wasSent: Bool) -> Void

    /// By groups of users, who all have as many.
    private let destinations: [any Destination]
    private let connectionsMax: Int
    private let errand: any Errand
    private let landing: Landing
    /// The lane used last is used first, so that few connections serve a light load.
    private var idle: [Lane] = []
    private(set) var laneCount = 0
    private var waiting = FIFO<Flight>()
    private var deadlines = FIFO<Flight>()
    private var isSweeping = false

    init(
        _ destinations: [any Destination], connectionsMax: Int, errand: any Errand,
        landing: @escaping Landing
    ) {
        precondition(connectionsMax > 0, "without a connection nothing can be sent")
        precondition(!destinations.isEmpty, "requests go somewhere")
        self.destinations = destinations
        self.connectionsMax = connectionsMax
        self.errand = errand
        self.landing = landing
    }

    /// Sends a flight off, or queues it; deadlines never go back from one launch to the next.
    func launch(_ flight: Flight) {
        deadlines.append(flight)
        if !isSweeping {
            isSweeping = true
            Task { @ReactorActor in await sweep() }
        }
        if let lane = takeLane(to: destination(of: flight)) {
            // Boarded now and not in the task, which starts a turn later: the sweeper may come first.
            board(flight, lane)
            Task { @ReactorActor in await serve(flight, on: lane) }
        } else {
            waiting.append(flight)
        }
    }

    /// Closes the kept connections; for the end, when nothing is in the air.
    func close() {
        for lane in idle { lane.close() }
    }

    private func destination(of flight: Flight) -> any Destination {
        destinations[(flight.request.user - 1) % destinations.count]
    }

    /// A lane that leads there already, else a new one, else one that led elsewhere.
    private func takeLane(to destination: any Destination) -> Lane? {
        if let place = idle.lastIndex(where: { $0.destination === destination }) {
            return idle.remove(at: place)
        }
        if laneCount < connectionsMax {
            laneCount += 1
            return Lane(destination)
        }
        return idle.popLast()
    }

    private func serve(_ first: Flight, on lane: Lane) async {
        var next: Flight? = first
        while let flight = next {
            let conclusion = await errand.perform(flight.request, on: lane)
            flight.state = .over
            landing(flight, conclusion, lane.hasSent)
            next = takeWaiting()
            if let next { board(next, lane) }
        }
        idle.append(lane)
    }

    private func board(_ flight: Flight, _ lane: Lane) {
        flight.state = .flying(lane)
        lane.redirect(to: destination(of: flight))
        lane.begin(flight.deadline)
    }

    /// The oldest flight in the queue that still has time.
    private func takeWaiting() -> Flight? {
        while let flight = waiting.popFirst() {
            if case .waiting = flight.state { return flight }
        }
        return nil
    }

    private func sweep() async {
        while let oldest = deadlines.first {
            if case .over = oldest.state {
                _ = deadlines.popFirst()
            } else if oldest.deadline > .now() {
                await Reactor.sleep(until: oldest.deadline)
            } else {
                _ = deadlines.popFirst()
                expire(oldest)
            }
        }
        isSweeping = false
    }

    private func expire(_ flight: Flight) {
        switch flight.state {
        case .waiting:
            flight.state = .over
            landing(flight, Conclusion(.shed), false)
        case .flying(let lane): lane.runOutOfTime()
        case .over: break
        }
    }
}
