// The generator proper: takes the requests of a plan at their intended times, sends each off, and
// sees every one of them to its end.
//
// It never waits for an answer, and it never drops a request silently. Behind its plan it catches up,
// a bounded batch a turn of the loop, so that answers are read meanwhile and each request's lag is
// on record; a request that comes so late that its time is up is recorded as never sent.

import Experiment
import History
import Linux
import Reactor
import Telemetry

/// One run of a plan against one address.
@ReactorActor
final class LoadGenerator {
    /// Requests sent off in one turn of the loop while behind.
    private static let batchMax = 64
    private static let flushInterval: Duration = .milliseconds(250)
    private static let recordInterval: Duration = .seconds(1)

    private var plan: ArrivalPlan
    private let profile: LoadProfile
    private let destinations: [any Destination]
    private let errand: any Errand
    private let records: LoadRecords
    private var ledger: LoadLedger
    private var epoch = MonotonicTime(nanoseconds: 0)
    private(set) var fingerprint = PlanFingerprint()
    /// When the last request ended, in nanoseconds since the epoch.
    private(set) var lastEnd: Int64 = 0
    private(set) var isCut = false
    /// Every request has ended; the files may not be whole yet.
    private var isOver = false
    /// Woken when the plan is cut.
    private let cutting = Turnstile()
    /// Woken when nothing is in the air.
    private let landed = Turnstile()
    /// Woken when everything is over.
    private let over = Turnstile()

    init(
        _ plan: ArrivalPlan, _ profile: LoadProfile, to destinations: [any Destination],
        errand: any Errand, records: LoadRecords
    ) {
        self.plan = plan
        self.profile = profile
        self.destinations = destinations
        self.errand = errand
        self.records = records
        ledger = LoadLedger(timeout: profile.timeout)
    }

    var counts: LoadCounts { ledger.counts }
    var latencies: HdrHistogram { ledger.latencies }
    var dispatchLag: HdrHistogram { ledger.dispatchLag }
    var recordFailure: SyscallError? { records.failure }

    func windows(from first: Int) -> [LoadWindow] { ledger.windows(from: first) }

    /// Runs the plan, whose times count from the epoch, to the end of its last request.
    func run(epoch: MonotonicTime) async {
        self.epoch = epoch
        records.begin(epoch: epoch, seed: plan.seed)
        let keeper = Task { @ReactorActor in await keepRecords() }
        let pool = LanePool(destinations, connectionsMax: profile.connections, errand: errand) {
            [self] flight, conclusion, wasSent in land(flight, conclusion, wasSent)
        }
        await dispatch(to: pool)
        // Every flight ends at its deadline at the latest.
        while ledger.counts.inFlight > 0 { _ = await landed.wait() }
        pool.close()
        isOver = true
        over.wakeAll()
        await keeper.value
    }

    /// Ends the plan now: what is in the air comes to its end, nothing more is planned.
    func cut() {
        isCut = true
        cutting.wakeAll()
    }

    // MARK: Dispatch

    private func dispatch(to pool: LanePool) async {
        var batch = 0
        while let request = plan.next() {
            let due = epoch + .nanoseconds(request.intended)
            while !isCut, due > .now() {
                batch = 0
                _ = await cutting.wait(deadline: due)
            }
            if isCut { return }
            send(request, due: due, pool)
            batch += 1
            if batch == Self.batchMax {
                batch = 0
                // And not Task.yield, which goes by way of the shared thread pool.
                await Reactor.sleep(for: .zero)
            }
        }
    }

    private func send(_ request: PlannedRequest, due: MonotonicTime, _ pool: LanePool) {
        let now = MonotonicTime.now()
        let deadline = due + profile.timeout
        ledger.plan(request)
        fingerprint.add(request)
        var operation = records.keepsHistory ? errand.operation(for: request) : nil
        if now < deadline { operation?.started = (now - epoch).nanoseconds }
        if let operation { records.invoked(operation) }
        let flight = Flight(request, deadline: deadline, operation: operation)
        if now < deadline {
            ledger.start(lag: (now - due).nanoseconds)
            pool.launch(flight)
        } else {
            land(flight, Conclusion(.neverSent), false)
        }
    }

    /// An answer that came after the deadline is a timeout, even if it was here before the sweeper.
    private func land(_ flight: Flight, _ conclusion: Conclusion, _ wasSent: Bool) {
        let now = MonotonicTime.now()
        var conclusion = conclusion
        if conclusion.outcome == .ok, now > flight.deadline {
            conclusion.outcome = .unknown(.timeout)
        }
        lastEnd = (now - epoch).nanoseconds
        ledger.end(flight.request, conclusion, completed: lastEnd, wasSent: wasSent)
        if var operation = flight.operation {
            operation.complete(conclusion, at: lastEnd)
            records.completed(operation)
        }
        if ledger.counts.inFlight == 0 { landed.wakeAll() }
    }

    // MARK: Records

    /// Writes what there is every quarter of a second, and once more after everything is over.
    private func keepRecords() async {
        var intervalEnd = epoch + Self.recordInterval
        var isLast = false
        while !isLast {
            let next = max(epoch, .now()) + Self.flushInterval
            while !isOver, next > .now() { _ = await over.wait(deadline: next) }
            // Looked at once: it may turn while the files are being written, without what came last.
            isLast = isOver
            if isLast || intervalEnd <= .now() {
                intervalEnd = max(intervalEnd, .now()) + Self.recordInterval
                await records.closeInterval(ledger.takeInterval(), now: .now() - epoch)
            }
            await records.flush()
        }
    }
}

extension Operation {
    fileprivate mutating func complete(_ conclusion: Conclusion, at time: Int64) {
        outcome = conclusion.outcome
        completed = time
        status = conclusion.status
        servedBy = conclusion.servedBy
        acknowledgedBy = conclusion.acknowledgedBy
        lostSession = conclusion.lostSession
        cache = conclusion.cache
    }
}
