// One client connection: its requests one after the other, each passed on to a backend and its answer
// passed back as it comes. Nothing waits and nothing is buffered whole: what the kernel says of either
// side moves the session on, and a side that does not keep up stops the other from being received.
//
//     greeting ──► idle ──► head ──► waiting ──► relaying ──► idle ...
//                                       (for a backend)   └──► finishing ──► closed
//
// Pipelined requests stay in the stream's buffer until their turn, so answers cannot change places.

import Blueprint
import Linux
import Reactor
import Wire

@ReactorActor
final class ClientSession: StreamOwner {
    enum Phase {
        /// A PROXY header must come first.
        case greeting
        case idle, head
        /// In line for a backend, all being full.
        case waiting
        case relaying
        /// The last answer is on its way out; what still comes is thrown away.
        case finishing
        case closed
    }

    /// Bytes under way to a side that does not take them, past which the other side is not received.
    static let heldMax = 256 * 1024
    /// Bytes of a request that are kept for another try.
    static let replayMax = 64 * 1024

    let stream: DuplexStream
    let balancer: BalancerServer
    var phase = Phase.idle
    var request = RelayedRequest()
    var primary: BackendConnection?
    var hedge: BackendConnection?
    var timer: LazyTimer?
    /// Whom the connection stands for: the peer, or whoever a PROXY header names.
    var client: ClientAddress
    var clientText: [UInt8] = []
    var isDraining = false
    /// Requests are being taken further up the stack; a nested end must leave the next to it.
    var isTaking = false
    private var hasShutDown = false
    var pace = BodyPace()

    init(_ stream: DuplexStream, _ balancer: BalancerServer) {
        self.stream = stream
        self.balancer = balancer
        client = .ipv4(stream.peer)
        clientText = Array(client.ip.utf8)
        stream.owner = self
    }

    func setClient(_ address: ClientAddress) {
        client = address
        clientText = Array(address.ip.utf8)
    }

    func start() {
        timer = LazyTimer { [unowned self] in timerFired() }
        let now = MonotonicTime.now()
        if balancer.settings.intake.expectsProxy {
            phase = .greeting
            timer?.set(now + balancer.settings.intake.headerTimeout)
        } else {
            timer?.set(now + balancer.settings.intake.idleTimeout)
        }
        streamChanged(stream)
    }

    func streamChanged(_ stream: DuplexStream) {
        if stream.failure != nil || stream.isBroken { return abort() }
        switch phase {
        case .greeting: takeGreeting()
        case .idle, .head: takeRequests()
        case .waiting: break
        case .relaying:
            if !request.upload.isDone { pumpUpload() }
            resumeAnswer()
        case .finishing: finishReading()
        case .closed: break
        }
    }

    /// The client is gone: whatever is under way for it is of no use.
    func abort() {
        if phase == .waiting { balancer.leaveLine(self) }
        if phase == .relaying || phase == .waiting {
            balancer.counters.aborted += 1
            request.status = request.status == 0 ? 499 : request.status
            conclude()
        }
        close()
    }

    /// Takes nothing more; closes at once if nothing is in work, else after its answer.
    func drain() {
        isDraining = true
        switch phase {
        case .greeting, .idle: close()
        case .head, .waiting, .relaying, .finishing, .closed: break
        }
    }

    func close() {
        guard phase != .closed else { return }
        if phase == .waiting { balancer.leaveLine(self) }
        if phase == .relaying || phase == .waiting { conclude() }
        phase = .closed
        timer?.cancel()
        timer = nil
        stream.close()
        balancer.sessionEnded(self)
    }

    // MARK: The end of a connection

    /// Sends what is queued, then ends; unread bytes are taken first, since closing on them would reset
    /// the connection and could take the answer with it (RFC 9112 section 9.6).
    func finish() {
        phase = .finishing
        // What is queued may be much, and the client slow; once it is out, little more is waited for.
        timer?.set(.now() + balancer.settings.intake.idleTimeout)
        finishReading()
    }

    private func finishReading() {
        guard stream.outboundCount == 0 else { return }
        if !hasShutDown {
            hasShutDown = true
            stream.shutdownSending()
            timer?.set(.now() + .seconds(2))
        }
        var taken = 0
        while taken < 16 {
            stream.inbound = ByteQueue()
            switch stream.receive() {
            case .bytes: taken += 1
            case .nothing: return
            case .end, .failed: return close()
            }
        }
        close()
    }
}
