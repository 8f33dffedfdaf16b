// How a command gets into its sandbox, and what it says where the host refuses one.

import Linux
import Testbed

enum Inside {
    /// Runs this program inside and returns its exit code; a refusal is a lack of the host.
    static func run(arguments: [String], keeping kept: [Int32] = []) throws(HostLack) -> Int32 {
        // Of all that a run makes only its control groups outlive a kill of the inner process.
        defer { LeftoverGroups.sweep() }
        do throws(SyscallError) {
            return try Sandbox.run(arguments: arguments, keeping: kept)
        } catch {
            throw HostLack(lacks: [Sandbox.finding(behind: error)])
        }
    }
}
