// A follower's proposals: sent to the leader once, and never again by the core.
//
// Whether a message that was lost on its way, or its answer, was executed cannot be known, so nothing
// is repeated here: the outcome is then `unknown`, and only the state machine can tell by an identifier
// in the command that it has seen it. The leader takes each message once, however often the network
// brings it (`TakenTickets`), and only in the term that it was sent in.

/// What became of a proposal that this node handed on.
package struct ForwardedProposal: Hashable, Sendable {
    package let ticket: Ticket
    package let outcome: Outcome

    package enum Outcome: Hashable, Sendable {
        /// It is in the leader's log, to be judged like any receipt. Its entries may have been
        /// handed out for applying before this is said.
        case appended(ProposalReceipt)
        /// Certainly not executed.
        case refused
        /// No answer came: executed or not.
        case unknown
    }
}

struct ForwardedProposals: Sendable {
    private var waiting: [Waiting] = []
    private var outcomes: [ForwardedProposal] = []
    private var lastNumber: UInt64 = 0

    private struct Waiting: Sendable {
        let ticket: Ticket
        let sentAt: Int
    }

    var count: Int { waiting.count }

    mutating func issue(life: UInt64, at now: Int) -> Ticket {
        lastNumber += 1
        let ticket = Ticket(life: life, number: lastNumber)
        waiting.append(Waiting(ticket: ticket, sentAt: now))
        return ticket
    }

    mutating func settle(_ ticket: Ticket, _ outcome: ForwardedProposal.Outcome) {
        guard let place = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting.remove(at: place)
        outcomes.append(ForwardedProposal(ticket: ticket, outcome: outcome))
    }

    /// Gives up what was sent too long ago, or all.
    mutating func giveUp(sentBefore moment: Int = .max) {
        let late = waiting.prefix { $0.sentAt < moment }
        outcomes += late.map { ForwardedProposal(ticket: $0.ticket, outcome: .unknown) }
        waiting.removeFirst(late.count)
    }

    mutating func takeOutcomes() -> [ForwardedProposal] {
        defer { outcomes = [] }
        return outcomes
    }
}
