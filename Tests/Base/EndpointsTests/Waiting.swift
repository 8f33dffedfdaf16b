// Waiting on conditions with a deadline, in place of sleeping and hoping.

import Endpoints
import Linux
import Reactor
import Testing
import Wire

/// Later than anything that a test waits for.
func soon() -> MonotonicTime { .now() + .seconds(20) }

/// Waits until the condition holds; a test that waits in vain fails here.
@ReactorActor
func until(
    _ condition: @ReactorActor () -> Bool, at location: SourceLocation = #_sourceLocation
) async throws {
    let deadline = soon()
    while !condition() {
        try #require(
            MonotonicTime.now() < deadline, "the condition never came true",
            sourceLocation: location)
        await Reactor.sleep(for: .milliseconds(1))
    }
}

/// A client that slowness of the machine does not make give up.
@ReactorActor
func patientClient(_ address: SocketAddress, connectionsMax: Int = 256) -> HTTPClient {
    var options = HTTPClientOptions()
    options.connectionsMax = connectionsMax
    options.connectTimeout = .seconds(10)
    return HTTPClient(address, options: options)
}

extension RESPClient {
    /// A call that slowness of the machine does not make give up.
    func patientCall(_ name: String) async throws(ClientError) -> RESPValue {
        try await call([name], connectWithin: .seconds(10), deadline: soon())
    }
}
