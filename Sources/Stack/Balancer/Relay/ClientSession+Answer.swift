// The answer on its way back: its head decides whether it is passed on at all, and from then on its
// content goes out as it comes. Head and the first of the content leave in one write.

import Linux
import Reactor
import Wire

extension ClientSession {
    /// Something changed at a backend that works for this session.
    func backendChanged(_ connection: BackendConnection) {
        if connection.stream.failure != nil { return backendFailed(connection) }
        if connection.stream.isConnecting { return }
        if !request.upload.isDone { pumpUpload() }
        if connection.session === self { pumpAnswer(connection) }
    }

    private func backendFailed(_ connection: BackendConnection) {
        // What arrived before the failure may be a whole answer.
        guard let failure = connection.stream.failure else { return }
        let isUnreachable = !connection.hasAnswered && isUnsent(failure)
        failed(
            connection,
            TryFailure(
                kind: isUnreachable ? .unreachable : .unanswered, isTimeout: failure == .timedOut,
                text: "\(connection.link.name) \(isUnreachable ? "unreachable" : "unanswered"): "
                    + "\(failure)"))
    }

    /// A refused connect is the one failure after which nothing can have been read.
    private func isUnsent(_ failure: TransportError) -> Bool {
        switch failure {
        case .refused: true
        case .system: true
        case .closed, .timedOut, .reset: false
        }
    }

    /// Moves what has come from a backend to the client.
    func pumpAnswer(_ connection: BackendConnection) {
        while connection.session === self {
            if !connection.stream.inbound.isEmpty, !takeAnswer(connection) { return }
            guard connection.session === self else { return }
            if stream.outboundCount > Self.heldMax {
                connection.isHeldBack = true
                return
            }
            switch connection.stream.receive() {
            case .bytes: connection.hasAnswered = true
            case .nothing: return
            case .end: return answerEnded(connection)
            case .failed: return backendFailed(connection)
            }
        }
    }

    /// The client has taken some: what was held back goes on.
    func resumeAnswer() {
        guard let connection = primary ?? hedge, connection.isHeldBack,
            stream.outboundCount < Self.heldMax / 2
        else { return }
        connection.isHeldBack = false
        pumpAnswer(connection)
    }

    /// Takes what it can of the buffer; false when this connection is done with.
    private func takeAnswer(_ connection: BackendConnection) -> Bool {
        var queue = ByteQueue()
        swap(&queue, &connection.stream.inbound)
        balancer.out.removeAll(keepingCapacity: true)
        do {
            if connection.answer == nil {
                let isWanted = try takeHead(connection, &queue)
                guard isWanted, connection.answer != nil else {
                    if connection.session === self { swap(&queue, &connection.stream.inbound) }
                    return connection.session === self
                }
            }
            if var answer = connection.answer {
                let taken = try answer.relay(queue.span, into: &balancer.out)
                queue.consume(taken)
                connection.answer = answer
                request.answerBytes = answer.count
                pace.moved += taken
            }
        } catch {
            failed(
                connection,
                TryFailure(
                    kind: .malformed, isTimeout: false,
                    text: "\(connection.link.name) malformed answer"))
            return false
        }
        swap(&queue, &connection.stream.inbound)
        stream.send(balancer.out)
        if stream.failure != nil {
            abort()
            return false
        }
        if connection.answer?.isDone == true {
            answerDone(connection)
            return false
        }
        return true
    }

    /// Reads heads until one that ends the waiting; false when the answer is not for the client.
    private func takeHead(
        _ connection: BackendConnection, _ queue: inout ByteQueue
    ) throws(HTTPError) -> Bool {
        while true {
            let length = try balancer.answerMap.readResponse(
                queue.span, toHead: request.isHead, limits: balancer.answerLimits)
            guard let length else { return true }
            let map = balancer.answerMap
            if (100..<200).contains(map.status) {
                queue.consume(length)
                continue
            }
            guard isWanted(connection, status: map.status) else { return false }
            passOn(map, queue.span, connection)
            queue.consume(length)
            return true
        }
    }

    /// Whether this answer is passed on: not if another backend may do better, and not if it would
    /// speak for a try that it knows nothing of.
    private func isWanted(_ connection: BackendConnection, status: Int) -> Bool {
        let isRefused = status == 502 || status == 503 || status == 504
        if isRefused, request.mayRepeat {
            if primary != nil, hedge != nil {
                refused(connection)
                return false
            }
            let now = MonotonicTime.now()
            if let index = takeRetry(at: now) {
                // Of the refusals only 503 promises that nothing was done.
                if status != 503, !request.isIdempotent { request.mayBeDone = true }
                refused(connection)
                tryOn(index, at: now)
                return false
            }
        }
        if request.mayBeDone, status >= 400 {
            refused(connection)
            give(up: 504, Self.openOutcome)
            return false
        }
        return true
    }

    private func refused(_ connection: BackendConnection) {
        let now = MonotonicTime.now()
        release(connection)
        connection.close()
        balancer.pool.give(
            connection.index, back: .refused, after: now - connection.started, at: now)
        balancer.placeFreed(at: now)
    }

    /// The head goes out, and with it every other try is over.
    private func passOn(
        _ map: HTTPHeadMap, _ bytes: Span<UInt8>, _ connection: BackendConnection
    ) {
        if connection === hedge {
            balancer.counters.hedgesWon += 1
            if let primary { abandon(primary) }
        } else if let hedge {
            abandon(hedge)
        }
        request.status = map.status
        request.isAnswered = true
        request.backend = connection.index
        connection.keepsAlive = map.keepAlive
        // HTTP/1.0 knows no chunks: there the end of the connection ends the content.
        let isOpenEnded: Bool
        switch map.body {
        case .untilClose, .chunked: isOpenEnded = true
        case .none, .count: isOpenEnded = false
        }
        let writesChunks = isOpenEnded && !request.isHTTP10
        if (isOpenEnded && request.isHTTP10) || !request.upload.isDone || isDraining {
            request.keepAlive = false
        }
        connection.answer = BodyFlow(
            map.body, writesChunks: writesChunks, limits: balancer.answerLimits)
        HeadRewrite.appendResponse(
            map, bytes,
            HeadRewrite.Ending(
                writesChunks: writesChunks, keepAlive: request.keepAlive,
                isHTTP10: request.isHTTP10),
            id: request.id, to: &balancer.out)
    }

    /// The backend sends nothing more.
    private func answerEnded(_ connection: BackendConnection) {
        guard var answer = connection.answer else {
            return failed(
                connection,
                TryFailure(
                    kind: .unanswered, isTimeout: false,
                    text: "\(connection.link.name) unanswered: closed"))
        }
        balancer.out.removeAll(keepingCapacity: true)
        do {
            try answer.end(into: &balancer.out)
        } catch {
            return failed(
                connection,
                TryFailure(
                    kind: .malformed, isTimeout: false,
                    text: "\(connection.link.name) malformed answer"))
        }
        stream.send(balancer.out)
        connection.answer = answer
        answerDone(connection)
    }

    /// The last byte of the answer is on its way.
    private func answerDone(_ connection: BackendConnection) {
        let now = MonotonicTime.now()
        let isRefused = request.status == 502 || request.status == 503 || request.status == 504
        let isClean =
            connection.keepsAlive && request.upload.isDone && connection.stream.inbound.isEmpty
            && balancer.links[connection.index] === connection.link
        release(connection)
        if isClean { connection.link.keep(connection) } else { connection.close() }
        balancer.pool.give(
            connection.index, back: isRefused ? .refused : .served,
            after: now - connection.started, at: now)
        conclude(at: now)
        balancer.placeFreed(at: now)
        next(at: now)
        takeRequests()
    }
}
