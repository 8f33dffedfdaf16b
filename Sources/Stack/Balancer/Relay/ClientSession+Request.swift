// From bytes to a request that is let in: the head is read, held to the limits and the classes, and
// made into the head that backends get.

import Blueprint
import Endpoints
import Linux
import Reactor
import Wire

extension ClientSession {
    /// Takes requests until one is under way or nothing more has come.
    func takeRequests() {
        if isTaking { return }
        isTaking = true
        defer { isTaking = false }
        while phase == .idle || phase == .head {
            if !stream.inbound.isEmpty, takeRequest() { continue }
            guard phase == .idle || phase == .head else { return }
            switch stream.receive() {
            case .bytes: continue
            case .nothing: return awaitHead()
            case .end, .failed: return close()
            }
        }
    }

    /// From the first byte on the head has its time; it is not prolonged by further bytes.
    private func awaitHead() {
        if phase == .idle, !stream.inbound.isEmpty {
            phase = .head
            timer?.set(.now() + balancer.settings.intake.headerTimeout)
        }
    }

    /// Takes one request off the buffer; false while its head is incomplete.
    private func takeRequest() -> Bool {
        var queue = ByteQueue()
        swap(&queue, &stream.inbound)
        let refusal: HTTPError?
        do {
            let length = try balancer.map.readRequest(queue.span, limits: balancer.limits)
            guard let length else {
                swap(&queue, &stream.inbound)
                return false
            }
            let admission = note(queue.span)
            if case .forward = admission {
                prepare(queue.span)
                queue.consume(length)
                let taken = try request.takeUpload(queue.span)
                queue.consume(taken)
                refusal = nil
            } else {
                queue.consume(length)
                refusal = nil
            }
            swap(&queue, &stream.inbound)
            act(on: admission)
        } catch {
            refusal = error
            swap(&queue, &stream.inbound)
        }
        if let refusal { refuse(refusal) }
        return true
    }

    /// What is to become of a request.
    enum Admission {
        case forward
        case local(HTTPResponse)
        case tooLarge
        case turnedAway(status: Int, retryAfter: Int, why: String)
    }

    /// Notes what the head says and decides.
    private func note(_ bytes: Span<UInt8>) -> Admission {
        let now = MonotonicTime.now()
        let map = balancer.map
        request.reset()
        request.start = now
        request.isHTTP10 = map.version == .http10
        request.keepAlive = map.keepAlive && !isDraining
        let method = bytes.extracting(map.method)
        request.isHead = method.equals("HEAD")
        request.isIdempotent = request.isHead || Self.isIdempotent(method)
        request.hasKey = map.value(of: .idempotencyKey) != nil
        if let id = map.value(of: .requestID) {
            request.id = .given([UInt8](copying: bytes.extracting(id)))
        } else {
            request.id = .made(balancer.nextRequestID())
        }
        if balancer.accessLog.isOn { request.line = AccessLine(bytes, map) }
        let asked = map.value(of: .deadline).flatMap { Deadline.parse(bytes.extracting($0)) }
        request.allowance = balancer.settings.requestTimeout
        if let asked { request.allowance = min(asked, request.allowance) }
        request.deadline = now + request.allowance
        return balancer.admit(bytes, map, self, at: now)
    }

    private static func isIdempotent(_ method: Span<UInt8>) -> Bool {
        // RFC 9110 section 9.2.2.
        method.equals("GET") || method.equals("PUT") || method.equals("DELETE")
            || method.equals("OPTIONS") || method.equals("TRACE")
    }

    /// Makes the head that backends get.
    private func prepare(_ bytes: Span<UInt8>) {
        let map = balancer.map
        if request.outgoing.capacity == 0 { request.outgoing = balancer.spares.take() }
        request.upload = BodyFlow(
            map.body, writesChunks: map.body.isChunked, limits: balancer.limits)
        let number: UInt64
        if case .made(let made) = request.id { number = made } else { number = 0 }
        request.deadlinePlace = HeadRewrite.appendRequest(
            map, bytes, HeadRewrite.Origin(address: clientText, id: number),
            to: &request.outgoing)
    }

    private func act(on admission: Admission) {
        switch admission {
        case .forward:
            balancer.budget.begin()
            if !request.upload.isDone, balancer.map.value(of: .expect) != nil {
                let go: [UInt8] = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
                stream.send(go)
            }
            phase = .relaying
            pace.begin(at: request.start)
            begin(at: request.start)
            if phase == .relaying, !request.upload.isDone { pumpUpload() }
        case .local(let response):
            answerLocally(response)
        case .tooLarge:
            refuse(413, "the content is larger than \(balancer.limits.bodyBytesMax) bytes")
        case .turnedAway(let status, let retryAfter, let why):
            answerLocally(
                HTTPResponse(
                    status, headers: ["Retry-After": String(retryAfter)],
                    json: ["error": .string(why)]))
        }
    }

    /// Bytes that are no request: after them nobody knows where the next one starts.
    private func refuse(_ error: HTTPError) {
        balancer.counters.malformed += 1
        request.reset()
        request.start = .now()
        request.id = .made(balancer.nextRequestID())
        refuse(error.status, "\(error.reason)")
    }

    func refuse(_ status: Int, _ text: String) {
        request.keepAlive = false
        answerLocally(HTTPResponse(status, error: text))
    }

    /// An answer of our own; nothing of the request was passed on.
    func answerLocally(_ response: HTTPResponse) {
        // Content that was not taken would be read as the next request.
        let hasContent = balancer.map.body != .none && balancer.map.body != .count(0)
        if hasContent { request.keepAlive = false }
        send(response)
        balancer.note(request, client, at: .now())
        next()
    }

    /// Writes an answer of our own.
    func send(_ response: HTTPResponse) {
        request.status = response.status
        request.isAnswered = true
        request.answerBytes = response.content.count
        var head = response.head
        head.keepAlive = request.keepAlive
        head.version = request.isHTTP10 ? .http10 : .http11
        head.headers["X-Request-Id"] = request.id.text
        var bytes: [UInt8] = []
        head.encode(into: &bytes, content: response.content)
        if request.isHead { bytes.removeLast(response.content.count) }
        stream.send(bytes)
    }

    /// On to the next request, or to the end of the connection.
    func next(at now: MonotonicTime = .now()) {
        guard request.keepAlive, !isDraining else { return finish() }
        phase = .idle
        balancer.spares.give(&request.outgoing)
        stream.releaseRoom()
        timer?.set(now + balancer.settings.intake.idleTimeout)
    }
}
