// What a session does when its time has come: whoever sends too slowly, or takes too slowly, is let go,
// a try that takes too long is repeated, and a request past its deadline is over.

import Blueprint
import Endpoints
import Linux
import Reactor

extension ClientSession {
    /// The next moment that matters to a request under way.
    func nextLook(at now: MonotonicTime) -> MonotonicTime {
        if request.isAnswered { return now + balancer.bodyLook.every }
        var next = request.upload.isDone ? request.deadline : now + balancer.bodyLook.every
        if let primary { next = min(next, due(primary)) }
        if let hedge { next = min(next, due(hedge)) }
        if let at = hedgeAt { next = min(next, at) }
        return next
    }

    /// When a try is given up: a connect has its own time, and an answer starts with its content.
    private func due(_ connection: BackendConnection) -> MonotonicTime {
        let settings = balancer.settings
        if connection.stream.isConnecting {
            // The time of the whole try too: nobody looks again when the connect has succeeded.
            let limit = min(settings.connectTimeout, settings.tryTimeout)
            return min(connection.started + limit, request.deadline)
        }
        return request.upload.isDone
            ? min(connection.started + settings.tryTimeout, request.deadline) : .distantFuture
    }

    private var hedgeAt: MonotonicTime? {
        let after = balancer.settings.retry.hedgeAfter
        guard after > .zero, hedge == nil, request.tried.count == 1, let primary else { return nil }
        return primary.started + after
    }

    func timerFired() {
        let now = MonotonicTime.now()
        switch phase {
        case .greeting, .idle, .finishing: close()
        case .head:
            balancer.counters.slowHeads += 1
            request.reset()
            request.id = .made(balancer.nextRequestID())
            request.start = now
            refuse(408, "the head took longer than \(balancer.settings.intake.headerTimeout)")
        case .waiting:
            balancer.leaveLine(self)
            balancer.counters.refused += 1
            give(up: 503, "no backend had room in time")
        case .relaying: look(at: now)
        case .closed: break
        }
    }

    private func look(at now: MonotonicTime) {
        if request.isAnswered || !request.upload.isDone, !isKeepingUp(at: now) {
            balancer.counters.slowBodies += 1
            if request.isAnswered { return abort() }
            request.keepAlive = false
            return give(up: 408, "the content came too slowly")
        }
        if !request.isAnswered {
            if let hedge, due(hedge) <= now { timedOut(hedge) }
            if let primary, due(primary) <= now { timedOut(primary) }
            guard phase == .relaying else { return }
            if let at = hedgeAt, at <= now { startHedge(at: now) }
        }
        if phase == .relaying { timer?.set(later(nextLook(at: now), than: now)) }
    }

    /// A hedge that was not granted must not be asked for again at once.
    private func later(_ moment: MonotonicTime, than now: MonotonicTime) -> MonotonicTime {
        moment > now ? moment : now + .milliseconds(10)
    }

    private func timedOut(_ connection: BackendConnection) {
        balancer.counters.timeouts += 1
        let isConnecting = connection.stream.isConnecting
        failed(
            connection,
            TryFailure(
                kind: isConnecting ? .unreachable : .unanswered, isTimeout: true,
                text: "\(connection.link.name) \(isConnecting ? "unreachable" : "unanswered"): "
                    + "timed out"))
    }

    /// Whether content moves at the least rate, either way; a stall of the backend counts as well, for
    /// as long as a whole request may take.
    private func isKeepingUp(at now: MonotonicTime) -> Bool {
        let stretch = max(balancer.bodyLook.stretchMin, balancer.settings.requestTimeout)
        return pace.isEnough(balancer.settings.intake.bodyRateMin, over: stretch, at: now)
    }
}
