// Several clients at the same time, waited for together.

import Reactor

enum Crew {
    typealias Work = @ReactorActor (_ member: Int) async throws -> Void

    /// Runs the work once for each member, all side by side, and throws the first error once all are done.
    @ReactorActor
    static func run(_ count: Int, _ work: @escaping Work) async throws {
        var running = count
        var failure: (any Error)?
        let ended = Turnstile()
        for member in 0..<count {
            Task { @ReactorActor in
                do {
                    try await work(member)
                } catch {
                    failure = failure ?? error
                }
                running -= 1
                ended.wakeAll()
            }
        }
        while running > 0 { _ = await ended.wait() }
        if let failure { throw failure }
    }
}
