// The exit codes of the contract, and how an error becomes one.

import Experiment
import Linux

enum ExitCode {
    static let held: Int32 = 0
    static let failed: Int32 = 1
    static let inconclusive: Int32 = 2
    static let usage: Int32 = 3
    static let hostLacks: Int32 = 4
    static let harnessFailed: Int32 = 5

    /// Runs a command; what it throws is printed and becomes its exit code.
    static func of(_ command: () throws -> Int32) -> Int32 {
        do {
            return try command()
        } catch let error as UsageError {
            Output.write("faultline: \(error)\n", to: 2)
            return usage
        } catch let error as InvalidExperiment {
            Output.write("\(error)\n", to: 2)
            return usage
        } catch let error as HostLack {
            Output.write("faultline: \(error)\n", to: 2)
            return hostLacks
        } catch {
            Output.write("faultline: \(error)\n", to: 2)
            return harnessFailed
        }
    }

    /// The order of trust in which the worst of several runs wins.
    private static let severity: [Int32] = [5, 4, 143, 130, 3, 2, 1, 0]

    static func worst(_ left: Int32, _ right: Int32) -> Int32 {
        let places = [left, right].map { severity.firstIndex(of: $0) ?? 0 }
        return places[0] <= places[1] ? left : right
    }
}
