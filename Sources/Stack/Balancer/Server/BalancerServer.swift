// The balancer: HTTP/1.1 in, HTTP/1.1 out. Who gets a request is decided in Policy and Pool, who is well
// in Health, what is tried again in Retry, who is let in in Admission; these are values that know no
// socket. Relay moves the bytes. This file holds them together and runs them.

package import Blueprint
import Determinism
import Endpoints
package import Linux
package import Reactor
import Telemetry
import Wire

/// A running balancer.
@ReactorActor
package final class BalancerServer {
    let log = Log("balancer")
    let settings: BalancerSettings
    package let address: SocketAddress?
    var pool: BackendPool
    var budget: RetryBudget
    var limit: GradientLimit
    var rates: ClientRates
    package var counters = BalancerCounters()
    let accessLog: AccessLog
    /// By place in the pool.
    var links: [BackendLink] = []
    var memberCount = 0
    private(set) var isDraining = false

    // One of each for the whole loop: every use ends before the next begins.
    var map = HTTPHeadMap()
    var answerMap = HTTPHeadMap()
    var out: [UInt8] = []
    /// Room for the heads of requests that are over.
    var spares = SpareBuffers()
    let limits: HTTPLimits
    let answerLimits: HTTPLimits
    var bodyLook = BodyPace.Look()

    private let listener: Listener
    private var sessions: [ObjectIdentifier: ClientSession] = [:]
    /// Sessions that wait for a backend, the first in line first; at most `pendingMax`.
    private var line: [ClientSession] = []
    private var idNext: UInt64
    private let changed = Turnstile()
    private var isRunning = false

    /// Listens at once; nothing is accepted before `run`.
    package init(
        _ listen: SocketAddress, _ settings: BalancerSettings, seed: UInt64 = 0
    ) throws(SyscallError) {
        self.settings = settings
        var random = SeededRandom(seed: seed)
        pool = BackendPool(settings, random: random)
        budget = RetryBudget(settings.retry)
        limit = GradientLimit(settings.admission)
        rates = ClientRates(
            rate: settings.admission.clientRate, burst: settings.admission.clientBurst,
            countMax: settings.admission.clientsMax)
        accessLog = AccessLog(settings.intake.accessLog, rate: settings.intake.accessLogRate)
        var limits = HTTPLimits()
        limits.headBytesMax = settings.intake.headBytesMax
        limits.bodyBytesMax = settings.intake.bodyBytesMax
        self.limits = limits
        limits.headBytesMax = 64 * 1024
        limits.bodyBytesMax = .max
        answerLimits = limits
        // Unique over restarts as well, since the clock has gone on.
        idNext = random.next() &+ UInt64(bitPattern: MonotonicTime.now().nanoseconds)
        listener = try Listener(listen)
        address = listener.address
        makeLinks()
    }

    /// Serves until drained.
    package func run() async {
        isRunning = true
        for index in links.indices { watch(index) }
        Task { @ReactorActor in await compareForEver() }
        if settings.admission.sheds { Task { @ReactorActor in await limitForEver() } }
        while let stream = await listener.nextStream() {
            guard sessions.count < settings.intake.connectionsMax else {
                counters.connectionsRefused += 1
                stream.close()
                continue
            }
            let session = ClientSession(stream, self)
            sessions[ObjectIdentifier(session)] = session
            session.start()
        }
    }

    /// Stops accepting, finishes what is in work.
    package func drain() async {
        isDraining = true
        listener.close()
        let deadline = MonotonicTime.now() + settings.drainTimeout
        for session in Array(sessions.values) { session.drain() }
        while !sessions.isEmpty {
            guard await changed.wait(deadline: deadline) else { break }
        }
        for session in Array(sessions.values) { session.close() }
        for link in links { link.close() }
    }

    /// Makes these the backends. Requests in hand at one that left may finish; other settings need a
    /// restart.
    package func reload(_ backends: [NamedAddress]) {
        guard !backends.isEmpty else { return log.warning("a reload without backends is ignored") }
        pool.replace(with: backends, at: .now())
        makeLinks()
        log.info("backends reloaded", ["backends": backends.map(\.name).joined(separator: ",")])
        placeFreed(at: .now())
    }

    private func makeLinks() {
        memberCount = pool.backends.count { $0.isMember }
        for index in pool.backends.indices {
            let backend = pool.backends[index]
            if links.indices.contains(index) {
                let link = links[index]
                if !backend.isMember { link.close() }
                if link.name == backend.name, link.address == backend.address { continue }
                link.close()
            }
            let link = BackendLink(
                name: backend.name, address: backend.address,
                idleMax: min(256, settings.admission.backendConnectionsMax))
            if links.indices.contains(index) { links[index] = link } else { links.append(link) }
            if isRunning { watch(index) }
        }
    }

    // MARK: Sessions

    func sessionEnded(_ session: ClientSession) {
        sessions[ObjectIdentifier(session)] = nil
        if isDraining { changed.wakeAll() }
    }

    var sessionCount: Int { sessions.count }

    func nextRequestID() -> UInt64 {
        idNext &+= 1
        return BoundedHash.mix(idNext)
    }

    // MARK: Line

    /// False when the line is as long as it may be.
    func joinLine(_ session: ClientSession) -> Bool {
        guard line.count < settings.admission.pendingMax else { return false }
        line.append(session)
        return true
    }

    func leaveLine(_ session: ClientSession) {
        line.removeAll { $0 === session }
    }

    var lineCount: Int { line.count }

    /// Gives free places to those who wait.
    func placeFreed(at now: MonotonicTime) {
        if !line.isEmpty { callLine(at: now) }
        if pool.hasChanges { report() }
    }

    private func callLine(at now: MonotonicTime) {
        while let first = line.first {
            guard let index = pool.take(key: first.request.key, at: now) else { return }
            line.removeFirst()
            first.leaveLine(for: index, at: now)
        }
    }

    /// What a new connection to a backend begins with.
    func greeting(for session: ClientSession, to backend: SocketAddress) -> [UInt8] {
        switch settings.intake.sendsProxy {
        case .off: []
        case .v1: ProxyGreeting.v1(from: session.client, to: backend)
        case .v2: ProxyGreeting.v2(from: session.client, to: backend)
        }
    }

    /// A request is over.
    func note(_ request: RelayedRequest, _ client: ClientAddress, at now: MonotonicTime) {
        guard let line = request.line else { return }
        accessLog.note(
            AccessEntry(
                line: line, client: client, id: request.id.text, status: request.status,
                bytes: request.answerBytes, duration: now - request.start,
                backend: request.backend < 0 ? "" : links[request.backend].name,
                tries: request.tried.count), at: now)
    }
}
