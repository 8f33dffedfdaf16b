// The tries of one request: where it goes, when it goes elsewhere, and when it does not.
//
// A request that failed before it reached a backend may go to another whatever it is; one that was sent
// and not answered goes again only if it is idempotent, by method or by an Idempotency-Key. Answers with
// 502, 503 and 504 of an idempotent request are tried once more too. All of it ends with the deadline,
// with the budget, and with the first byte of an answer that has gone out.
//
// A refusal of the second try says nothing about the first. So when a write was sent and not answered,
// whatever its next try brings short of success becomes 504, the status that leaves open whether it was
// done.

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

extension ClientSession {
    /// Sends the request to a backend, or waits in line for one.
    func begin(at now: MonotonicTime) {
        guard let index = balancer.pool.take(key: request.key, at: now) else {
            guard balancer.pool.hasUsable, balancer.joinLine(self) else {
                balancer.counters.refused += 1
                return give(up: 503, "no backend has room")
            }
            phase = .waiting
            timer?.set(request.deadline)
            return
        }
        phase = .relaying
        tryOn(index, at: now)
    }

    /// A place came free.
    func leaveLine(for index: Int, at now: MonotonicTime) {
        phase = .relaying
        tryOn(index, at: now)
        if phase == .relaying, !request.upload.isDone { pumpUpload() }
    }

    func tryOn(_ index: Int, at now: MonotonicTime) {
        request.tried.append(index)
        start(index, fresh: false, isHedge: false, at: now)
    }

    /// One try on one backend that was taken from the pool.
    private func start(_ index: Int, fresh: Bool, isHedge: Bool, at now: MonotonicTime) {
        let link = balancer.links[index]
        let connection: BackendConnection
        if !fresh, let kept = link.take() {
            connection = kept
        } else {
            do {
                connection = try link.connect()
            } catch {
                return missed(
                    index, isHedge,
                    TryFailure(
                        kind: .unreachable, isTimeout: false,
                        text: "\(link.name) unreachable: \(error)"), at: now)
            }
            let greeting = balancer.greeting(for: self, to: link.address)
            if !greeting.isEmpty { connection.stream.send(greeting) }
        }
        connection.begin(for: self, at: now)
        connection.index = index
        connection.isHedge = isHedge
        if isHedge { hedge = connection } else { primary = connection }
        HeadRewrite.write(
            deadline: min(999_999_999, Deadline.left(request.deadline, at: now)),
            into: &request.outgoing, at: request.deadlinePlace)
        connection.stream.send(request.outgoing)
        timer?.set(nextLook(at: now))
        if connection.stream.failure != nil { backendChanged(connection) }
    }

    /// A try ended without an answer to pass on.
    func failed(_ connection: BackendConnection, _ failure: TryFailure) {
        let now = MonotonicTime.now()
        let index = connection.index
        let isStale =
            connection.isKept && !connection.hasAnswered && failure.kind == .unanswered
            && !failure.isTimeout
        let isHedge = connection.isHedge
        release(connection)
        connection.close()
        if isStale, request.mayRepeat, request.isReplayable, now < request.deadline {
            // Closed while it lay idle, most likely: RFC 9112 section 9.3.1 lets it be sent again.
            if !request.isIdempotent { request.mayBeDone = true }
            return start(index, fresh: true, isHedge: isHedge, at: now)
        }
        balancer.pool.give(
            index, back: failure.isTimeout ? .timedOut : .failed, after: now - connection.started,
            at: now)
        balancer.placeFreed(at: now)
        repeatOrEnd(failure, at: now)
    }

    private func missed(
        _ index: Int, _ isHedge: Bool, _ failure: TryFailure, at now: MonotonicTime
    ) {
        balancer.pool.give(index, back: .failed, after: .zero, at: now)
        repeatOrEnd(failure, at: now)
    }

    private func repeatOrEnd(_ failure: TryFailure, at now: MonotonicTime) {
        // Another try is still under way.
        if primary != nil || hedge != nil { return }
        let isHarmless = failure.isWithoutEffect || request.mayRepeat
        if isHarmless, let index = takeRetry(isBroken: failure.isBroken, at: now) {
            if !failure.isWithoutEffect, !request.isIdempotent { request.mayBeDone = true }
            return tryOn(index, at: now)
        }
        if request.isAnswered { return abort() }
        if request.mayBeDone { return give(up: 504, Self.openOutcome) }
        give(up: failure.status, failure.text)
    }

    /// A backend for one more try, if that is allowed.
    func takeRetry(isBroken: Bool = false, at now: MonotonicTime) -> Int? {
        guard request.isReplayable, !request.isAnswered, now < request.deadline,
            request.tried.count <= balancer.settings.retry.triesMax,
            request.tried.count < balancer.memberCount, balancer.budget.take(isBroken: isBroken)
        else { return nil }
        request.retries += 1
        guard
            let index = balancer.pool.take(
                excluding: request.tried, key: request.key, at: now)
        else { return nil }
        balancer.counters.retries += 1
        return index
    }

    /// A second backend is asked before the first has failed.
    func startHedge(at now: MonotonicTime) {
        guard hedge == nil, primary?.answer == nil, request.mayRepeat, request.upload.isDone,
            let index = takeRetry(at: now)
        else { return }
        balancer.counters.hedges += 1
        request.tried.append(index)
        start(index, fresh: false, isHedge: true, at: now)
    }

    /// The status of a request that may have been done by a first try.
    static let openOutcome = "a first try may have been executed, a second one was not"

    /// Ends the request with an answer of our own.
    func give(up status: Int, _ text: String) {
        if !request.upload.isDone { request.keepAlive = false }
        var response = HTTPResponse(status, error: text)
        if status == 503 { response.head.headers["Retry-After"] = "1" }
        send(response)
        conclude()
        next()
        takeRequests()
    }

    /// Forgets a try, whatever became of it.
    func release(_ connection: BackendConnection) {
        if primary === connection { primary = nil }
        if hedge === connection { hedge = nil }
        connection.session = nil
    }

    /// Drops a try that nobody waits for any more.
    func abandon(_ connection: BackendConnection) {
        release(connection)
        connection.close()
        let now = MonotonicTime.now()
        balancer.pool.give(
            connection.index, back: .abandoned, after: now - connection.started, at: now)
        balancer.placeFreed(at: now)
    }

    /// The request is over, one way or the other.
    func conclude(at now: MonotonicTime = .now()) {
        if let primary { abandon(primary) }
        if let hedge { abandon(hedge) }
        balancer.budget.end(retries: request.retries)
        request.retries = 0
        if balancer.settings.admission.sheds { balancer.limit.note(now - request.start) }
        if request.line != nil { balancer.note(request, client, at: now) }
        phase = .idle
    }
}
