// The content of a request on its way to the backend, as it comes. What fits is kept for another try;
// past that there is only the one.

import Endpoints
import Linux
import Reactor
import Wire

extension ClientSession {
    /// Moves what the client has sent to whoever works on its request.
    func pumpUpload() {
        while phase == .relaying, !request.upload.isDone {
            guard let connection = primary ?? hedge,
                connection.stream.outboundCount < Self.heldMax
            else { return }
            if stream.inbound.isEmpty {
                switch stream.receive() {
                case .bytes: break
                case .nothing: return
                case .end, .failed: return abort()
                }
            }
            guard relayUpload() else { return }
        }
    }

    private func relayUpload() -> Bool {
        var queue = ByteQueue()
        swap(&queue, &stream.inbound)
        if !request.isReplayable { request.outgoing.removeAll(keepingCapacity: true) }
        let before = request.outgoing.count
        do {
            let taken = try request.takeUpload(queue.span)
            queue.consume(taken)
            pace.moved += taken
        } catch {
            swap(&queue, &stream.inbound)
            refuseUpload(error)
            return false
        }
        swap(&queue, &stream.inbound)
        primary?.stream.send(request.outgoing, from: before)
        hedge?.stream.send(request.outgoing, from: before)
        if request.outgoing.count > Self.replayMax { request.isReplayable = false }
        if request.upload.isDone { uploadEnded() }
        return true
    }

    /// From here on the backend has all it needs, and the request's time runs.
    private func uploadEnded() {
        let now = MonotonicTime.now()
        request.deadline = now + request.allowance
        primary?.started = now
        timer?.set(nextLook(at: now))
    }

    private func refuseUpload(_ error: HTTPError) {
        if request.isAnswered { return abort() }
        balancer.counters.malformed += 1
        request.keepAlive = false
        send(HTTPResponse(error.status, error: "\(error.reason)"))
        conclude()
        finish()
    }
}
