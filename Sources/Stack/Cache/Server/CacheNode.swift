// The cache as a process of its own: serves until it is told to end, then drains.

package import Blueprint
package import Linux
package import Reactor

/// The cache tier's entry point.
@ReactorActor
package enum CacheNode {
    /// How long clients get to read the replies that they are owed.
    private static let drainTimeout = Duration.seconds(1)

    /// Returns after SIGTERM or SIGINT, when the last reply is out.
    package static func run(
        _ blueprint: NodeBlueprint, _ settings: CacheSettings
    ) async throws(SyscallError) {
        try await run(listen: blueprint.listen, memoryLimit: settings.memoryLimit)
    }

    package static func run(
        listen: SocketAddress, memoryLimit: Int
    ) async throws(SyscallError) {
        let signals = try SignalWatch([.terminate, .interrupt])
        let server = try CacheServer(listen: listen, memoryLimit: memoryLimit)
        Task { @ReactorActor in
            _ = await signals.next()
            await server.drain(within: drainTimeout)
        }
        await server.run()
    }
}
