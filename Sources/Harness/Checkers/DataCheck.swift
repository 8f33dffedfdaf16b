// Acknowledged writes against what was read back. A write is lost when the system acknowledged it
// and afterwards says that it is not there; an order that had no effect is lost too. A write with an
// unknown outcome may be there or not, either is right; only twice is wrong.

package import History

/// An acknowledged order that lies in the dead-letter topic.
package struct SetAside: Hashable, Sendable {
    package var key: String
    package var reason: String
}

/// An acknowledged write that is gone, with all that helps to find out why.
package struct LostWrite: Hashable, Sendable {
    package var operation: Int
    package var effect: Operation.Effect
    package var key: String
    package var user: Int
    package var acknowledgedBy: String?
    package var servedBy: String?
    /// When the acknowledgement arrived, in nanoseconds since the run's epoch.
    package var acknowledgedAt: Int64
    package var circumstance: Circumstance

    /// Where the acknowledgement falls among the faults.
    package enum Circumstance: Hashable, Sendable {
        /// Faults that were active at that moment.
        case during([String])
        /// None was active; this is the next one, and the nanoseconds up to it. A leader that
        /// acknowledges too early loses what it acknowledged just before it is killed.
        case before(String, Int64)
        /// None was active and none came; this is the last one, and the nanoseconds since its heal.
        case after(String, Int64)
        case undisturbed
    }
}

package struct DuplicateEffect: Hashable, Sendable {
    package var key: String
    package var effects: Int
    /// The operation that made the order, if the history has it.
    package var operation: Int?
}

package struct DataFindings: Hashable, Sendable {
    /// Acknowledged posts and orders.
    package var acknowledged = 0
    /// By the time of acknowledgement.
    package var lost: [LostWrite] = []
    /// Acknowledged orders that wait for a person.
    package var setAside: [SetAside] = []
    /// Acknowledged writes that could not be read, or were not: lost or not, nobody knows.
    package var unverified: [String] = []
    /// Orders that may have taken effect: acknowledged ones and those with unknown outcome.
    package var orders = 0
    /// By key.
    package var duplicates: [DuplicateEffect] = []
    /// Orders whose effects could not be counted.
    package var uncounted: [String] = []
    /// One example of why something could not be read.
    package var unreadableReason: String?
}

extension DataFindings {
    package init(operations: [Operation], readBack: ReadBack, faults: [FaultRecord]) {
        for operation in operations {
            guard let key = operation.key else { continue }
            switch operation.effect {
            case .read: continue
            case .post: check(post: operation, key: key, readBack, faults)
            case .order: check(order: operation, key: key, readBack, faults)
            }
        }
        checkDuplicates(operations, readBack)
        lost.sort { $0.acknowledgedAt < $1.acknowledgedAt }
    }

    private mutating func check(
        post operation: Operation, key: String, _ readBack: ReadBack, _ faults: [FaultRecord]
    ) {
        guard operation.outcome == .ok else { return }
        acknowledged += 1
        switch readBack.posts[key] {
        case .present: break
        case .absent: lost.append(LostWrite(operation, key: key, faults))
        case .unreadable(let reason): leaveUnverified(key, reason)
        case nil: leaveUnverified(key, "was not read back")
        }
    }

    private mutating func check(
        order operation: Operation, key: String, _ readBack: ReadBack, _ faults: [FaultRecord]
    ) {
        guard operation.outcome == .ok else { return }
        acknowledged += 1
        switch readBack.orders[key] {
        case .effects(let count) where count > 0: break
        case .setAside(let reason): setAside.append(SetAside(key: key, reason: reason))
        case .effects, .absent:
            if readBack.isDrained {
                lost.append(LostWrite(operation, key: key, faults))
            } else {
                leaveUnverified(key, "the queue was not drained")
            }
        case .unreadable(let reason): leaveUnverified(key, reason)
        case nil: leaveUnverified(key, "was not read back")
        }
    }

    private mutating func leaveUnverified(_ key: String, _ reason: String) {
        unverified.append(key)
        unreadableReason = unreadableReason ?? "\(key): \(reason)"
    }

    private mutating func checkDuplicates(_ operations: [Operation], _ readBack: ReadBack) {
        var makers: [String: Int] = [:]
        for operation in operations where operation.effect == .order && operation.mayHaveEffect {
            if let key = operation.key { makers[key] = operation.index }
        }
        orders = makers.count
        for key in Set(makers.keys).union(readBack.orders.keys).sorted() {
            switch readBack.orders[key] {
            case .effects(let count) where count > 1:
                duplicates.append(
                    DuplicateEffect(key: key, effects: count, operation: makers[key]))
            case .effects, .absent, .setAside:
                // What is still queued may yet take effect, also once more.
                if !readBack.isDrained { uncounted.append(key) }
            case .unreadable, nil: uncounted.append(key)
            }
        }
    }
}

extension Operation {
    /// False only when it certainly had no effect.
    var mayHaveEffect: Bool {
        switch outcome {
        case .ok, .unknown: true
        case .failed, .shed, .neverSent: false
        }
    }
}

extension LostWrite {
    init(_ operation: Operation, key: String, _ faults: [FaultRecord]) {
        self.operation = operation.index
        self.key = key
        effect = operation.effect
        user = operation.user
        acknowledgedBy = operation.acknowledgedBy
        servedBy = operation.servedBy
        acknowledgedAt = operation.completed ?? operation.intended
        circumstance = Circumstance(at: acknowledgedAt, faults)
    }
}

extension LostWrite.Circumstance {
    init(at time: Int64, _ faults: [FaultRecord]) {
        let active = faults.filter { $0.isActive(at: time) }
        let next = faults.filter { $0.injected > time }.min { $0.injected < $1.injected }
        let last = faults.filter { $0.injected <= time }.max { $0.injected < $1.injected }
        if !active.isEmpty {
            self = .during(active.map(\.title))
        } else if let next {
            self = .before(next.title, next.injected - time)
        } else if let last {
            self = .after(last.title, time - (last.provedHealed ?? last.injected))
        } else {
            self = .undisturbed
        }
    }
}
