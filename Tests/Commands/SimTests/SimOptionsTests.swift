// What faultline-sim makes of its command line, and what it refuses.

import Raft
import RaftSimulator
import Testing

@testable import faultline_sim

struct SimOptionsTests {
    private func options(_ line: String) throws -> SimOptions {
        try SimOptions(line.split(separator: " ").map(String.init)[...])
    }

    @Test func `values follow their flag after a blank or an equals sign`() throws {
        for line in ["--seeds 7 --from 3 --duration 5s", "--seeds=7 --from=3 --duration=5s"] {
            let options = try options(line)
            #expect(options.task == .search)
            #expect(options.seeds == 7)
            #expect(options.first == 3)
            #expect(options.duration == .seconds(5))
        }
    }

    @Test func `tasks and switches are known`() throws {
        #expect(try options("--replay 12").task == .replay(12))
        #expect(try options("--bugs --json").task == .bugs)
        #expect(try options("--bugs --json").isJSON)
        #expect(try options("--help").task == .help)
        #expect(try options("--bug votes-twice").bug == .votesTwice)
        #expect(try !options("--no-shrink").shrinks)
        #expect(try options("").shrinks)
    }

    @Test(arguments: [
        "--seeds", "--seeds 0", "--seeds many", "--from -1", "--duration 5", "--duration 0s",
        "--bug nothing", "--seeds 1 --seeds 2", "--fast", "stray", "--replay 1 --bugs",
        "--bugs --bug votes-twice",
    ])
    func `what makes no sense is refused`(line: String) {
        #expect(throws: SimUsage.self) { try options(line) }
    }

    @Test func `bad usage exits with 3, and help with 0`() {
        #expect(SimProgram.perform(["faultline-sim", "--fast"]) == 3)
        #expect(SimProgram.perform(["faultline-sim", "--help"]) == 0)
    }

    @Test func `a broken promise exits with 1, kept ones with 0`() {
        #expect(SimProgram.perform(["faultline-sim", "--seeds=1", "--duration=1s", "--json"]) == 0)
        let bug = "--bug=confirms-before-fsync"
        #expect(
            SimProgram.perform(["faultline-sim", "--seeds=5", "--duration=1s", "--json", bug]) == 1)
    }
}
