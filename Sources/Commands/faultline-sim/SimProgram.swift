// The program behind the command line, apart from the process that it runs in.

import Linux
import RaftSimulator

enum SimProgram {
    static let usage = """
        usage: faultline-sim [--seeds=N] [--from=SEED] [--duration=TIME] [--bug=NAME]
                             [--json] [--no-shrink]
               faultline-sim --replay=SEED [--duration=TIME] [--bug=NAME] [--no-shrink]
               faultline-sim --bugs [--seeds=N] [--from=SEED] [--duration=TIME] [--json]
               faultline-sim --help

          --seeds=N        seeds to run, or to spend on each planted bug; by default 100
          --from=SEED      the first of them; by default 1
          --duration=TIME  simulated time of faults in each run: 500ms, 20s, 5m; by default 20s
          --bug=NAME       let the core make a mistake, to see whether it is found
          --bugs           look for every planted bug, and print what each took
          --replay=SEED    run one seed, and print all that happens in it
          --json           one JSON value on standard output
          --no-shrink      leave the schedule of a broken promise as it was drawn

        A seed that breaks a promise is shrunk to the fewest events that still break it.

        example: faultline-sim --seeds 1000
                 faultline-sim --bug commits-older-term-by-count
                 faultline-sim --replay 17 --bug votes-twice

        """

    static func perform(_ arguments: [String]) -> Int32 {
        do {
            let options = try SimOptions(arguments.dropFirst())
            let note = try options.note.map { path throws(SyscallError) in try SeedNote(path) }
            switch options.task {
            case .help:
                Output.write(usage, to: 1)
                return 0
            case .search:
                var search = SeedSearch(options)
                return search.perform { note?.write($0, options.bug) }
            case .replay(let seed): return Replay(seed, options).perform()
            case .bugs:
                var table = BugTable(options)
                return table.perform { note?.write($0, $1) }
            }
        } catch let error as SimUsage {
            Output.write("faultline-sim: \(error)\n\(usage)", to: 2)
            return 3
        } catch {
            Output.write("faultline-sim: \(error)\n", to: 2)
            return 5
        }
    }

    /// Has a search performed by a process of its own, see SeedNote.swift; all else is done here.
    static func performWatched(_ arguments: [String]) -> Int32 {
        guard let options = try? SimOptions(arguments.dropFirst()), options.note == nil,
            [.search, .bugs].contains(options.task)
        else { return perform(arguments) }
        do throws(SyscallError) {
            let search = WatchedSearch(
                command: [try CurrentProcess.executablePath()] + arguments.dropFirst(),
                note: "/tmp/faultline-sim-\(CurrentProcess.id)")
            return try search.perform(duration: options.duration)
        } catch {
            Output.write("faultline-sim: \(error)\n", to: 2)
            return 5
        }
    }
}
