// A backend that takes its time: `faultline-bench slow-origin ADDRESS MILLISECONDS` answers every request
// with 1 KiB after so long, so that whoever kills it does so with requests in its hands. Started by
// benchmarks and not by people.

import Endpoints
import Linux
import Reactor
import Wire

struct SlowOrigin {
    static let name = "slow-origin"

    private let address: SocketAddress
    private let delay: Duration

    init(_ arguments: ArraySlice<String>) throws {
        guard arguments.count == 2, let first = arguments.first, let last = arguments.last,
            let address = SocketAddress(first), let milliseconds = Int(last),
            (0...60_000).contains(milliseconds)
        else { throw BenchUsage("\(Self.name) wants an address and milliseconds") }
        self.address = address
        delay = .milliseconds(milliseconds)
    }

    /// Serves until it is killed.
    func perform() throws -> Int32 {
        try CurrentProcess.raiseDescriptorLimit()
        let failure = Reactor.run { [address, delay] () async -> SyscallError? in
            do throws(SyscallError) {
                let content = [UInt8](repeating: UInt8(ascii: "x"), count: 1024)
                let server = try HTTPServer(address) { _ in
                    await Reactor.sleep(for: delay)
                    return HTTPResponse(head: HTTPResponseHead(status: 200), content: content)
                }
                await server.run()
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        return 0
    }
}
