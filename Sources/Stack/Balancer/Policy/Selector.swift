// The policy that the settings name, with whatever it remembers.

import Blueprint
import Determinism

enum Selector: Sendable {
    case roundRobin(RoundRobin)
    case leastConnections(LeastConnections)
    case twoChoices(TwoChoices, SeededRandom)
    case consistentHash(BoundedHash)
    case sticky(Affinity)

    init(_ policy: BalancingPolicy, random: SeededRandom) {
        switch policy {
        case .roundRobin: self = .roundRobin(RoundRobin())
        case .leastConnections: self = .leastConnections(LeastConnections())
        case .twoChoices: self = .twoChoices(TwoChoices(), random.fork("policy"))
        case .consistentHash: self = .consistentHash(BoundedHash())
        case .sticky: self = .sticky(Affinity())
        }
    }

    /// The place of the chosen backend; nil when there is no candidate.
    mutating func choose(_ candidates: [Candidate], key: UInt64) -> Int? {
        switch self {
        case .roundRobin(var policy):
            // Let go of it first, or its credits would be copied for every request.
            self = .roundRobin(RoundRobin())
            let choice = policy.choose(candidates)
            self = .roundRobin(policy)
            return choice
        case .leastConnections(var policy):
            let choice = policy.choose(candidates)
            self = .leastConnections(policy)
            return choice
        case .twoChoices(let policy, var random):
            let choice = policy.choose(candidates, random: &random)
            self = .twoChoices(policy, random)
            return choice
        case .consistentHash(let policy): return policy.choose(candidates, key: key)
        case .sticky(var policy):
            self = .sticky(Affinity())
            let choice = policy.choose(candidates, key: key)
            self = .sticky(policy)
            return choice
        }
    }

    /// Tells of the set as it is now; `changed` are places that another backend has taken.
    mutating func members(_ members: [(index: Int, name: String)], changed: [Int]) {
        switch self {
        case .roundRobin(var policy):
            for index in changed { policy.reset(index) }
            self = .roundRobin(policy)
        case .consistentHash: self = .consistentHash(BoundedHash(members))
        case .sticky: self = .sticky(Affinity(members))
        case .leastConnections, .twoChoices: break
        }
    }
}
