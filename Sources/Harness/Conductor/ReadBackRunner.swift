// After recovery, everything that was acknowledged is asked for again, by the same way that a user
// would take: through the balancer, by reads that the cache does not answer.
//
// Orders take effect later, so the queue is first watched until it is drained (QueueReading.swift).
// An order without effect while the queue still holds work would be late, not lost; one in the
// dead-letter topic is set aside. Where there is no queue tier, as in a monolith, orders that are said
// to be queued are asked for again until none is.

import Blueprint
import Checkers
import Endpoints
import Experiment
import History
import Linux
import Reactor
import Testbed
import Wire

@ReactorActor
final class ReadBackRunner {
    private let stack: Stack
    private let plan: ExperimentPlan
    private var entry: Member
    private var client: HTTPClient
    private var result = ReadBack(isDrained: false)
    private var work: [Operation] = []
    /// Orders that were said to be queued when they were last read.
    private var queued: [Operation] = []
    /// By the order, why it lies in the dead-letter topic.
    private var deadLetters: [String: String] = [:]
    private let aborted: AbortSwitch

    init?(_ stack: Stack, _ plan: ExperimentPlan, aborted: AbortSwitch) {
        let serving = plan.topology.servingTiers
        guard let entry = stack.members.first(where: { serving.contains($0.plan.tier) })
        else { return nil }
        self.stack = stack
        self.plan = plan
        self.entry = entry
        self.aborted = aborted
        client = HTTPClient(entry.plan.listen)
    }

    private static let lanes = 24

    /// Reads back every post that was acknowledged, and every order that was or may have been made.
    func run(_ operations: [Operation]) async -> ReadBack {
        let orders = operations.filter { $0.effect == .order && ($0.outcome == .ok || $0.isOpen) }
        let posts = operations.filter { $0.effect == .post && $0.outcome == .ok }
        let queue = QueueReading(stack, plan.topology)
        if !orders.isEmpty, queue.hasQueue {
            result.isDrained = await queue.isDrained(within: Self.drainLimit, aborted)
            deadLetters = await queue.deadLetters()
        }
        await findEntry()
        await read(posts + orders)
        if !queue.hasQueue { result.isDrained = await waitForQueued() }
        client.close()
        return result
    }

    private static let drainLimit: Duration = .seconds(30)

    /// Reads orders again that were said to be queued; true once none is.
    private func waitForQueued() async -> Bool {
        let deadline = MonotonicTime.now() + Self.drainLimit
        while !queued.isEmpty, .now() < deadline, !aborted.isOn {
            await Reactor.sleep(for: .milliseconds(100))
            let again = queued
            queued = []
            await read(again)
        }
        return queued.isEmpty
    }

    private func read(_ operations: [Operation]) async {
        work = operations.reversed()
        let lanes = (0..<Self.lanes).map { _ in
            Task { @ReactorActor in
                while !aborted.isOn, let next = work.popLast() { await read(next) }
            }
        }
        for lane in lanes { await lane.value }
    }

    /// Behind a name there may be several entries, of which some may be down for good.
    private func findEntry() async {
        let serving = plan.topology.servingTiers
        for member in stack.members where serving.contains(member.plan.tier) {
            guard await member.isReady() else { continue }
            entry = member
            client = HTTPClient(member.plan.listen)
            return
        }
    }

    private func read(_ operation: Operation) async {
        guard let key = operation.key else { return }
        switch operation.effect {
        case .post: result.posts[key] = await post(operation, key)
        case .order: result.orders[key] = await order(operation, key)
        case .read: break
        }
    }

    private func post(_ operation: Operation, _ key: String) async -> ReadBack.Post {
        switch await answer("/users/\(operation.user)/posts/\(key)") {
        case .found: .present
        case .absent: .absent
        case .unreadable(let reason): .unreadable(reason)
        }
    }

    private func order(_ operation: Operation, _ key: String) async -> ReadBack.Order {
        let answer = await answer("/users/\(operation.user)/orders/\(key)")
        if case .found(let json) = answer, json["state"] == "queued" { queued.append(operation) }
        return switch answer {
        case .found(let json):
            switch json["effects"]?.int {
            case 0?: deadLetters[key].map { .setAside($0) } ?? .effects(0)
            case let effects?: .effects(effects)
            case nil: .unreadable("answer without effects")
            }
        case .absent: deadLetters[key].map { .setAside($0) } ?? .absent
        case .unreadable(let reason): .unreadable(reason)
        }
    }

    private enum Answer {
        case found(JSON)
        case absent
        case unreadable(String)
    }

    /// Asks a few times: one refused read proves nothing about the data.
    private func answer(_ target: String) async -> Answer {
        var reason = "not asked"
        for attempt in 0..<5 {
            if attempt > 0 { await Reactor.sleep(for: .milliseconds(100 * attempt)) }
            do {
                let request = HTTPRequest("GET", target, host: entry.name)
                let response = try await client.send(request, deadline: .now() + .seconds(2))
                switch response.status {
                case 200: return .found(response.json ?? .null)
                case 404: return .absent
                default: reason = "status \(response.status)"
                }
            } catch {
                reason = "\(error)"
            }
        }
        return .unreadable(reason)
    }
}

extension Operation {
    /// The outcome is not known: it may have happened.
    var isOpen: Bool {
        if case .unknown = outcome { return true }
        return false
    }
}
