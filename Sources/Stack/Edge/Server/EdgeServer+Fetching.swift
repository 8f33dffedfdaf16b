// Flights: from the request to the origin to the object in the store.

import Blueprint
import Endpoints
import Linux
import Reactor
import Telemetry
import Wire

extension EdgeServer {
    /// Starts a request to the origin; others may join it if it has a key to be found under.
    ///
    /// With `variants` the origin may say that one of them is the answer to this request as well.
    func begin(
        _ request: EdgeRequest, validating object: StoredObject?,
        among variants: [StoredObject] = [], sharedAs flightKey: FlightKey?
    ) -> Flight {
        let flight = Flight(request.key)
        if let flightKey {
            flights[flightKey] = flight
        } else {
            loneFlights[ObjectIdentifier(flight)] = flight
        }
        Task { @ReactorActor in
            await fly(flight, request, object, variants, flightKey)
            withdraw(flight, flightKey)
            loneFlights[ObjectIdentifier(flight)] = nil
        }
        return flight
    }

    /// Asks the origin in the background whether the object still holds; once at a time.
    func revalidate(_ object: StoredObject, _ request: EdgeRequest) {
        if object.isRevalidating || object.retryAfter > .now() { return }
        let flightKey = FlightKey(key: object.key, variant: object.variant)
        guard flights[flightKey] == nil else { return }
        object.isRevalidating = true
        counts.background += 1
        let flight = begin(request.unconditional, validating: object, sharedAs: flightKey)
        flight.leave()
        Task { @ReactorActor in
            _ = await flight.outcome(deadline: .distantFuture, onInterim: { _ in })
            object.isRevalidating = false
        }
    }

    /// Nobody can join it any longer; purges still find it.
    private func withdraw(_ flight: Flight, _ flightKey: FlightKey?) {
        guard let flightKey, flights[flightKey] === flight else { return }
        flights[flightKey] = nil
        loneFlights[ObjectIdentifier(flight)] = flight
    }

    private func fly(
        _ flight: Flight, _ request: EdgeRequest, _ object: StoredObject?,
        _ variants: [StoredObject], _ flightKey: FlightKey?
    ) async {
        let now = MonotonicTime.now()
        let upstream = request.forwarded(
            by: name, validating: object.map { Validators($0.facts) } ?? Validators(variants),
            isShared: flightKey != nil, now: now, timeout: settings.originTimeout)
        let sent = self.now
        do {
            let answer = try await origins.send(
                upstream, for: request.key,
                deadline: now + settings.connectTimeout + settings.originTimeout,
                onInterim: flight.note(interim:))
            let times = ExchangeTimes(sent: sent, received: self.now)
            if answer.head.status == 304, object == nil, !variants.isEmpty {
                await settle(answer.head, times, variants, flight, request, flightKey)
            } else {
                await receive(answer, times, flight, request, object, flightKey)
            }
        } catch {
            noteFailure("\(error)", request)
            if let object { pause(object) }
            flight.conclude(.failed(error))
        }
    }

    /// The origin named one of the variants, or else is asked again without a word of them.
    private func settle(
        _ head: HTTPResponseHead, _ times: ExchangeTimes, _ variants: [StoredObject],
        _ flight: Flight, _ request: EdgeRequest, _ flightKey: FlightKey?
    ) async {
        if let object = adopt(head, times, variants, flight, request) {
            flight.conclude(.renewed(object, by: 304))
        } else {
            await fly(flight, request, nil, [], flightKey)
        }
    }

    private func receive(
        _ answer: OriginAnswer, _ times: ExchangeTimes, _ flight: Flight, _ request: EdgeRequest,
        _ object: StoredObject?, _ flightKey: FlightKey?
    ) async {
        var head = answer.head
        if isOriginFailing, !Self.isFailure(head.status) {
            isOriginFailing = false
            log.info("origin answers again", ["request": request.id])
        }
        head.headers.removeHopByHop()
        if head.headers["date"] == nil {
            head.headers["Date"] = HTTPDate.format(times.received.wallSeconds)
        }
        invalidate(after: request, head, besides: flight)
        if let object {
            if head.status == 304 {
                object.renew(by: head.headers, times)
                store.noteRenewal(of: object)
                flight.conclude(.renewed(object, by: 304))
                return
            }
            if Self.isFailure(head.status), mayStandIn(object, request) {
                noteFailure("status \(head.status)", request)
                pause(object)
                answer.abandon()
                flight.conclude(.stale(object))
                return
            }
        }
        let facts = ResponseFacts(status: head.status, headers: head.headers, times: times)
        if request.head.method == "HEAD", let object = renew(by: head, facts, request, times) {
            flight.conclude(.renewed(object, by: head.status))
            return
        }
        await bring(answer, head, facts, flight, request, flightKey)
    }

    /// RFC 5861 section 4.
    private static func isFailure(_ status: Int) -> Bool { [500, 502, 503, 504].contains(status) }

    /// Logs the first failure of a row.
    private func noteFailure(_ what: String, _ request: EdgeRequest) {
        counts.originErrors += 1
        if isOriginFailing { return }
        isOriginFailing = true
        log.warning("origin fails", ["request": request.id, "error": what])
    }

    private func pause(_ object: StoredObject) {
        object.retryAfter = .now() + settings.errorPause
    }

    /// Hands the content on as it comes, and stores it at its end if that is allowed.
    private func bring(
        _ answer: OriginAnswer, _ head: HTTPResponseHead, _ facts: ResponseFacts,
        _ flight: Flight, _ request: EdgeRequest, _ flightKey: FlightKey?
    ) async {
        let variant = VaryKey(names: facts.vary.names, request: request.head.headers)
        let isStored = mayStore(answer, head, facts, request)
        let isShareable =
            isStored && !facts.directives.noCache && facts.freshness(at: now) > 0
        var head = head
        // How old it was when it came, which the client could not tell from its Date alone.
        if isStored, facts.initialAge >= 1000 {
            head.headers["Age"] = String(facts.initialAge / 1000)
        }
        let stream = BodyStream(isKept: isStored)
        flight.seat(stream.attach())
        if isShareable {
            markers.remove(request.key)
        } else {
            withdraw(flight, flightKey)
            if request.isPlain, head.status < 500, !isStored {
                markers.insert(request.key, at: .now())
            }
        }
        flight.conclude(
            .answer(
                FlightAnswer(
                    head: head, facts: facts, variant: variant, stream: stream,
                    isShareable: isShareable, isStored: isStored)))
        let isWhole = await pump(answer, into: stream, flight, flightKey) {
            guard stream.isKept, !flight.isObsolete else { return }
            self.keep(stream, head, facts, variant, flight, request)
        }
        if !isWhole { counts.originErrors += 1 }
    }

    private func mayStore(
        _ answer: OriginAnswer, _ head: HTTPResponseHead, _ facts: ResponseFacts,
        _ request: EdgeRequest
    ) -> Bool {
        if case .count(let length) = head.body, length > store.objectBytesMax { return false }
        return Storability.mayStore(
            facts, to: request.head, key: request.key, headers: head.headers,
            staleIfError: policy.isAllowed ? policy.ifError : 0)
    }

    /// False when the content broke off. `atEnd` runs before anybody can see the end, so that who
    /// asks again after the last byte finds the object.
    private func pump(
        _ answer: OriginAnswer, into stream: BodyStream, _ flight: Flight,
        _ flightKey: FlightKey?, atEnd: () -> Void
    ) async -> Bool {
        do {
            while true {
                let piece = answer.isComplete ? [] : try await answer.next()
                stream.append(piece)
                if stream.isKept, stream.count > store.objectBytesMax {
                    stream.stopKeeping()
                    flight.isObsolete = true
                    withdraw(flight, flightKey)
                }
                if answer.isComplete {
                    atEnd()
                    stream.finish(.complete)
                    return true
                }
                let limit = MonotonicTime.now() + .seconds(60)
                guard await stream.waitForRoom(deadline: limit) else {
                    answer.abandon()
                    stream.finish(.failed)
                    return true
                }
            }
        } catch {
            flight.isObsolete = true
            stream.finish(.failed)
            return false
        }
    }

    private func keep(
        _ stream: BodyStream, _ head: HTTPResponseHead, _ facts: ResponseFacts,
        _ variant: VaryKey, _ flight: Flight, _ request: EdgeRequest
    ) {
        let tags = CacheTags.parse(
            surrogateKey: head.headers.values(of: "surrogate-key"),
            cacheTag: head.headers.values(of: "cache-tag"))
        guard flight.purgedTags.isDisjoint(with: tags) else { return }
        store.insert(
            StoredObject(
                key: request.key, variant: variant, head: head, facts: facts,
                body: stream.whole(), tags: tags))
    }

    private func invalidate(
        after request: EdgeRequest, _ head: HTTPResponseHead, besides own: Flight
    ) {
        let keys = Invalidation.keys(
            obsoletedBy: request.head.method, on: request.key, status: head.status,
            headers: head.headers)
        for key in keys { forget(key, .hard, besides: own) }
    }

    /// Purges a URI, also from what is on its way; not from the flight that is the reason for it,
    /// since its answer is newer than all.
    @discardableResult
    func forget(
        _ key: CacheKey, _ kind: EdgeStore.PurgeKind, besides own: Flight? = nil
    ) -> Int {
        for (flightKey, flight) in flights where flightKey.key == key {
            flight.isObsolete = true
            withdraw(flight, flightKey)
        }
        for flight in loneFlights.values where flight.key == key && flight !== own {
            flight.isObsolete = true
        }
        return store.purge(key, kind)
    }
}
