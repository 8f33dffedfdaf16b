// The edge: a shared HTTP cache in front of an origin (RFC 9111).
//
//     GET  anything            from the store while it is fresh, else from the origin
//     PURGE anything           drops that URI; Surrogate-Key: names tags instead; Soft-Purge: 1
//     POST /-/purge            {"url": ...}, {"tag": ...} or {"all": true}, with "soft": true
//     GET  /-/status, /-/metrics, /-/ready
//
// Requests for the same content that is not there wait for one request to the origin and share what
// it brings while it is coming (collapsing). What cannot be shared is known as such for a while, so
// that nobody waits in vain. An origin that fails is hidden behind stale content as far as RFC 5861
// and the settings allow.

package import Blueprint
import Endpoints
package import Linux
package import Reactor
import Telemetry
import Wire

/// A running edge.
@ReactorActor
package final class EdgeServer {
    package let name: String
    let settings: EdgeSettings
    let log: Log
    let store: EdgeStore
    let origins: Origins
    let policy: StalePolicy
    let accessLog: AccessLog
    var flights: [FlightKey: Flight] = [:]
    /// Flights that are nobody's to join: for one client alone, or no longer to be joined.
    var loneFlights: [ObjectIdentifier: Flight] = [:]
    var markers: PassMarkers
    var counts = EdgeCounts()
    var isOriginFailing = false
    private var host: SessionHost<EdgeSession>?
    private(set) var isDraining = false
    private var requestNumber = 0
    private let idPrefix: String
    /// The front of most Cache-Status values.
    private let hitPrefix: [UInt8]
    private let clock: () -> Moment

    package init(
        name: String, listen: SocketAddress, settings: EdgeSettings,
        clock: @escaping () -> Moment = Moment.now,
        writeLog: @escaping @Sendable (String) -> Void = { Output.write($0, to: 1) }
    ) throws(SyscallError) {
        self.name = name
        self.settings = settings
        self.clock = clock
        log = Log(name)
        store = EdgeStore(
            capacity: settings.memoryLimit, objectBytesMax: settings.objectBytesMax)
        origins = Origins(settings)
        accessLog = AccessLog(settings.accessLog, rate: settings.accessLogRate, write: writeLog)
        markers = PassMarkers(lifetime: settings.hitForMiss)
        var policy = StalePolicy()
        policy.isAllowed = settings.servesStale
        policy.whileRevalidate = settings.staleWhileRevalidate.nanoseconds / 1_000_000_000
        policy.ifError = settings.staleIfError.nanoseconds / 1_000_000_000
        self.policy = policy
        // The start time makes this process's ids differ from its predecessor's.
        idPrefix = "\(name)-\(String(MonotonicTime.now().nanoseconds, radix: 36))"
        hitPrefix = Array("\(name); hit; ttl=".utf8)
        var limits = SessionLimits(idleTimeout: settings.idleTimeout)
        limits.message.bodyBytesMax = settings.requestBytesMax
        host = try SessionHost(listen, connectionsMax: settings.connectionsMax) {
            [unowned self] connection in
            EdgeSession(connection, limits, self)
        }
    }

    /// Both clocks, read now.
    var now: Moment { clock() }

    package var address: SocketAddress? { host?.address }
    var connectionCount: Int { host?.connectionCount ?? 0 }

    /// Serves until drained.
    package func run() async { await host?.run() }

    /// Stops accepting, finishes what is in work.
    package func drain() async {
        isDraining = true
        await host?.drain(deadline: .now() + settings.drainTimeout)
        origins.close()
    }

    /// Closes everything at once.
    package func stop() {
        host?.stop()
        origins.close()
    }

    func nextRequestID() -> String {
        requestNumber += 1
        return "\(idPrefix)-\(String(requestNumber, radix: 36))"
    }

    // MARK: Answers

    /// The short way of most requests: stored, fresh, and nothing special asked of the cache.
    func hit(for head: HTTPRequestHead, at moment: Moment) -> StoredObject? {
        guard head.method == "GET", head.body == .none,
            head.headers["cache-control"] == nil,
            let object = store.object(for: CacheKey(head), head.headers),
            moment.milliseconds < object.freshUntil
        else { return nil }
        counts.requests += 1
        counts.hits += 1
        return object
    }

    /// The Cache-Status of such an answer.
    func appendHitStatus(of object: StoredObject, at moment: Moment, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: hitPrefix)
        bytes.append(decimal: (object.freshUntil - moment.milliseconds) / 1000)
    }

    /// What operators ask, which never goes to an origin.
    static func isForUs(_ head: HTTPRequestHead) -> Bool {
        head.target.hasPrefix("/-/") || head.method == "PURGE"
    }

    func reply(
        to head: HTTPRequestHead, content: [UInt8], upload: Upload?, from peer: SocketAddress,
        onInterim: @escaping (HTTPResponseHead) -> Void
    ) async -> EdgeReply {
        if Self.isForUs(head) {
            return .message(operate(head, content: content, from: peer.ip))
        }
        counts.requests += 1
        let request = EdgeRequest(
            head, content: content, upload: upload, peer: peer.ip, now: .now(),
            makeID: nextRequestID)
        guard request.isCacheable else {
            let forward: CacheStatus.Forward = request.directives.noStore ? .request : .method
            return await pass(request, forward, onInterim)
        }
        return await read(request, onInterim)
    }
}
