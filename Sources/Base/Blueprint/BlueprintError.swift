// Why a blueprint cannot be read. The harness writes these files, so an error here is a fault of
// ours or of a hand-written file; either way it names the member.

package struct BlueprintError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Problem: Equatable, Sendable {
        case missing
        case notA(String)
        case outOfRange(Int64)
        case unknownWord(String)
        case unknownMember
    }

    /// The path of the member, as `settings.replicas[1].peer`.
    package let member: String
    package let problem: Problem

    package init(member: String, problem: Problem) {
        self.member = member
        self.problem = problem
    }

    package var description: String {
        switch problem {
        case .missing: "blueprint: \(member) is missing"
        case .notA(let kind): "blueprint: \(member) is not \(kind)"
        case .outOfRange(let value): "blueprint: \(member) cannot be \(value)"
        case .unknownWord(let word): "blueprint: \(member) cannot be \"\(word)\""
        case .unknownMember: "blueprint: \(member) is no known member"
        }
    }
}
