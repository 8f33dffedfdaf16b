// GET and HEAD: from the store, from a request that is under way already, or from the origin.

import Endpoints
import Linux
import Reactor
import Wire

/// What one flight brings: a URI, and the variant of it as far as that is known beforehand.
struct FlightKey: Hashable {
    let key: CacheKey
    let variant: VaryKey
}

extension EdgeServer {
    typealias Interims = (HTTPResponseHead) -> Void

    func read(_ request: EdgeRequest, _ onInterim: @escaping Interims) async -> EdgeReply {
        let object = store.object(for: request.key, request.head.headers)
        if let object, let reply = readStored(object, request) { return reply }
        if request.directives.onlyIfCached {
            return refuse(504, "nothing is stored that could be used", .request)
        }
        if let object, object.retryAfter > .now(), mayStandIn(object, request) {
            return serveStale(object, "stale-if-error")
        }
        guard request.isPlain || (object != nil && request.head.method == "GET"),
            !(object == nil && markers.contains(request.key, at: .now()))
        else {
            return await readAlone(request, object, onInterim)
        }
        return await readTogether(request, object, onInterim)
    }

    private func readStored(_ object: StoredObject, _ request: EdgeRequest) -> EdgeReply? {
        let moment = now
        switch Reuse.decide(
            object.facts, for: request.directives, policy, isExpired: object.isExpired, at: moment)
        {
        case .fresh:
            counts.hits += 1
            return .object(object, hitStatus(object, moment))
        case .staleAsAsked: return serveStale(object, "max-stale")
        case .staleWhileRevalidate:
            revalidate(object, request)
            return serveStale(object, "stale-while-revalidate")
        case .mustValidate: return nil
        }
    }

    // MARK: Together

    /// Waits for the flight of this content, and starts it if there is none.
    private func readTogether(
        _ request: EdgeRequest, _ object: StoredObject?, _ onInterim: @escaping Interims
    ) async -> EdgeReply {
        let names = object?.variant.names ?? store.variantNames(of: request.key) ?? []
        let flightKey = FlightKey(
            key: request.key, variant: VaryKey(names: names, request: request.head.headers))
        let forward: CacheStatus.Forward =
            object != nil
            ? .stale : store.variantNames(of: request.key) == nil ? .uriMiss : .varyMiss
        let isLeader: Bool
        let flight: Flight
        if let underway = flights[flightKey] {
            (flight, isLeader) = (underway, false)
        } else {
            let variants = object == nil ? store.variants(of: request.key) : []
            flight = begin(request, validating: object, among: variants, sharedAs: flightKey)
            isLeader = true
        }
        guard
            let outcome = await flight.outcome(
                deadline: request.deadline, onInterim: isLeader ? onInterim : { _ in })
        else {
            if isLeader { flight.leave() }
            return timedOut(request, object)
        }
        var status = CacheStatus()
        status.forward = forward
        status.isCollapsed = !isLeader
        if !isLeader { counts.collapsed += 1 }
        if let reply = conclude(outcome, flight, request, object, &status, isLeader: isLeader) {
            return reply
        }
        // What came is not for this request: it asks for itself, beside all others.
        return await readAlone(request, object, onInterim)
    }

    /// Nil when the outcome is none for this request.
    private func conclude(
        _ outcome: Flight.Outcome, _ flight: Flight, _ request: EdgeRequest,
        _ object: StoredObject?, _ status: inout CacheStatus, isLeader: Bool
    ) -> EdgeReply? {
        switch outcome {
        case .renewed(let renewed, let code):
            guard isLeader || isUsable(renewed, request) else { return nil }
            counts.revalidated += 1
            status.forwardStatus = code
            status.timeToLive = renewed.facts.secondsLeft(at: now)
            return .object(renewed, status)
        case .stale(let stale):
            guard isLeader || mayStandIn(stale, request) else { return nil }
            return serveStale(stale, "stale-if-error")
        case .failed(let error): return failed(error, request, object)
        case .answer(let answer):
            guard let reader = reader(of: answer, flight, request, isLeader: isLeader) else {
                return nil
            }
            counts.misses += 1
            status.forwardStatus = answer.head.status
            status.isStored = answer.isStored
            return stream(answer, reader, request, status)
        }
    }

    private func reader(
        of answer: FlightAnswer, _ flight: Flight, _ request: EdgeRequest, isLeader: Bool
    ) -> BodyReader? {
        if isLeader { return flight.takeLeader() }
        guard answer.isShareable, !flight.isObsolete,
            answer.variant.matches(request.head.headers)
        else { return nil }
        return answer.stream.attach()
    }

    private func isUsable(_ object: StoredObject, _ request: EdgeRequest) -> Bool {
        object.variant.matches(request.head.headers)
            && !object.facts.directives.noCache && !request.directives.noCache
            && object.facts.freshness(at: now) > 0
    }

    /// A client's own conditions hold for what is just coming as well.
    private func stream(
        _ answer: FlightAnswer, _ reader: BodyReader, _ request: EdgeRequest,
        _ status: CacheStatus
    ) -> EdgeReply {
        var head = answer.head
        let isForwardedCondition = head.status == 304
        if !isForwardedCondition, request.head.method == "GET",
            Preconditions.isNotModified(request.head.headers, answer.facts)
        {
            reader.close()
            let fields = StoredFields.ofNotModified(head.headers)
            var response = HTTPResponse(head: HTTPResponseHead(status: 304, headers: fields))
            response.head.headers.append("Cache-Status", status.text(of: name))
            return .message(response)
        }
        head.headers.append("Cache-Status", status.text(of: name))
        return .stream(head, reader)
    }

    // MARK: Alone

    /// Asks for one client: conditions of its own, ranges, HEAD, and content that is not shared.
    private func readAlone(
        _ request: EdgeRequest, _ object: StoredObject?, _ onInterim: @escaping Interims
    ) async -> EdgeReply {
        let isValidating = object != nil && request.head.method == "GET"
        let flight = begin(request, validating: isValidating ? object : nil, sharedAs: nil)
        guard
            let outcome = await flight.outcome(deadline: request.deadline, onInterim: onInterim)
        else {
            flight.leave()
            return timedOut(request, object)
        }
        var status = CacheStatus()
        status.forward = object == nil ? .uriMiss : .stale
        return conclude(outcome, flight, request, object, &status, isLeader: true)
            ?? refuse(502, "the origin's answer was lost", .uriMiss)
    }

    /// Passes a request on that the cache has no part in; what it changes is forgotten here.
    func pass(
        _ request: EdgeRequest, _ forward: CacheStatus.Forward, _ onInterim: @escaping Interims
    ) async -> EdgeReply {
        counts.passed += 1
        let flight = begin(request, validating: nil, sharedAs: nil)
        guard
            let outcome = await flight.outcome(deadline: request.deadline, onInterim: onInterim)
        else {
            flight.leave()
            return timedOut(request, nil)
        }
        var status = CacheStatus()
        status.forward = forward
        return conclude(outcome, flight, request, nil, &status, isLeader: true)
            ?? refuse(502, "the origin's answer was lost", forward)
    }

    // MARK: Stale, and failures

    func hitStatus(_ object: StoredObject, _ moment: Moment) -> CacheStatus {
        var status = CacheStatus()
        status.isHit = true
        status.timeToLive = object.facts.secondsLeft(at: moment)
        return status
    }

    func serveStale(_ object: StoredObject, _ why: String) -> EdgeReply {
        counts.stale += 1
        var status = hitStatus(object, now)
        status.detail = why
        return .object(object, status)
    }

    func mayStandIn(_ object: StoredObject, _ request: EdgeRequest) -> Bool {
        object.variant.matches(request.head.headers)
            && Reuse.allowsStaleOnError(object.facts, for: request.directives, policy, at: now)
    }

    private func failed(
        _ error: ClientError, _ request: EdgeRequest, _ object: StoredObject?
    ) -> EdgeReply {
        if let object, mayStandIn(object, request) { return serveStale(object, "stale-if-error") }
        let isTimeout = error == .unanswered(.timedOut) || error == .unreachable(.timedOut)
        return refuse(isTimeout ? 504 : 502, "origin \(error)", object == nil ? .uriMiss : .stale)
    }

    private func timedOut(_ request: EdgeRequest, _ object: StoredObject?) -> EdgeReply {
        if let object, mayStandIn(object, request) { return serveStale(object, "stale-if-error") }
        return refuse(504, "the origin did not answer in time", object == nil ? .uriMiss : .stale)
    }

    func refuse(_ code: Int, _ why: String, _ forward: CacheStatus.Forward) -> EdgeReply {
        counts.errors += 1
        var status = CacheStatus()
        status.forward = forward
        var response = HTTPResponse(code, error: why)
        response.head.headers["Cache-Status"] = status.text(of: name)
        return .message(response)
    }
}
