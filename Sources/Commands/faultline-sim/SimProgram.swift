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
            switch options.task {
            case .help:
                Output.write(usage, to: 1)
                return 0
            case .search:
                var search = SeedSearch(options)
                return search.perform()
            case .replay(let seed): return Replay(seed, options).perform()
            case .bugs:
                var table = BugTable(options)
                return table.perform()
            }
        } catch {
            Output.write("faultline-sim: \(error)\n\(usage)", to: 2)
            return 3
        }
    }
}
