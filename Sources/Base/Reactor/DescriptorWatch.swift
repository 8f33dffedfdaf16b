// Readiness of descriptors that are not streams: a pidfd, a netlink socket, a pipe, signals.

package import Linux

/// Wakes when a descriptor that somebody else owns may have something to read.
@ReactorActor
package final class DescriptorWatch {
    private var token: WatchToken?
    private var isReady = false
    private let gate = Turnstile()

    /// Starts to watch; the descriptor must stay open until `stop` or the end of this object.
    package init(_ raw: Int32) throws(SyscallError) {
        token = try Reactor.main.watch(raw, [.input, .peerClosed]) { [weak self] _ in
            self?.becameReady()
        }
    }

    isolated deinit { stop() }

    /// True when there was readiness since the last call; false once the deadline has passed.
    package func readable(deadline: MonotonicTime? = nil) async -> Bool {
        while !isReady, token != nil {
            if await gate.wait(deadline: deadline) == false { return false }
        }
        defer { isReady = false }
        return isReady
    }

    /// Forgets the descriptor and wakes whoever waits; call before it is closed.
    package func stop() {
        guard let token else { return }
        Reactor.main.unwatch(token)
        self.token = nil
        gate.wakeAll()
    }

    private func becameReady() {
        isReady = true
        gate.wakeAll()
    }
}

/// The signals that this process takes as values.
@ReactorActor
package final class SignalWatch {
    private let descriptor: SignalDescriptor
    private let watch: DescriptorWatch

    /// Blocks the signals; create it before any other thread starts.
    package init(_ signals: [Signal]) throws(SyscallError) {
        descriptor = try SignalDescriptor(signals)
        watch = try DescriptorWatch(descriptor.raw)
    }

    /// The watch must end before the descriptor that it looks at is closed.
    isolated deinit { watch.stop() }

    /// The next signal; nil once the deadline has passed.
    package func next(deadline: MonotonicTime? = nil) async -> Signal? {
        while true {
            if let signal = descriptor.next() { return signal }
            if await watch.readable(deadline: deadline) == false { return nil }
        }
    }
}
