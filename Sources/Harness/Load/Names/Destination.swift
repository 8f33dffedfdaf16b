// Where the requests of some users go: always to one address, or to what a name leads to at the moment.

import Endpoints
import Linux
import Reactor

@ReactorActor
protocol Destination: AnyObject {
    /// The local address of every connection; nil leaves it to the kernel.
    var source: IPv4Address? { get }

    /// Where to connect; `current` while it is as good as any.
    func address(
        keeping current: SocketAddress?, deadline: MonotonicTime
    ) async throws(ClientError) -> SocketAddress
}

/// One address for good.
@ReactorActor
final class FixedDestination: Destination {
    private let target: SocketAddress

    init(_ target: SocketAddress) { self.target = target }

    var source: IPv4Address? { nil }

    func address(
        keeping current: SocketAddress?, deadline: MonotonicTime
    ) async throws(ClientError) -> SocketAddress { target }
}

/// The addresses of a name, as the users of one region are told them.
@ReactorActor
final class NamedDestination: Destination {
    let source: IPv4Address?
    let resolver: StubResolver
    private let port: UInt16

    init(_ resolver: StubResolver, port: UInt16, from source: IPv4Address?) {
        self.resolver = resolver
        self.port = port
        self.source = source
    }

    func address(
        keeping current: SocketAddress?, deadline: MonotonicTime
    ) async throws(ClientError) -> SocketAddress {
        let ip = try await resolver.address(keeping: current?.ip, deadline: deadline)
        return SocketAddress(ip: ip, port: port)
    }
}
