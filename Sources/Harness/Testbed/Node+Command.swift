// A command beside a node's process: a probe that is a program of its own, such as `redis-cli ping`.
// It lives as the process does, in the node's network and data folder and without privileges.

package import Linux
import Reactor

extension Node {
    /// What a command printed, once it has ended with 0; nil when it failed or took too long.
    ///
    /// A name without a slash is looked up in PATH.
    package func output(of arguments: [String], deadline: MonotonicTime) async -> String? {
        guard let path = arguments.first.flatMap(ProgramSearch.find), let program else {
            return nil
        }
        do {
            let output = try MemoryFile.create("command")
            let launch = Launch(
                path: path, arguments: arguments, environment: program.environment)
            let process = try NodeProcess(
                try ChildProcess.start(
                    launch, in: namespace, at: ChildPlace(folder: program.workingFolder),
                    output: output))
            commands[process.pid] = process
            let exit = await process.waitForExit(deadline: deadline)
            if exit == nil {
                try process.signal(.kill)
                _ = await process.waitForExit(deadline: .now() + .seconds(1))
            }
            commands[process.pid] = nil
            return exit == .exited(0) ? try MemoryFile.text(of: output) : nil
        } catch {
            return nil
        }
    }
}
