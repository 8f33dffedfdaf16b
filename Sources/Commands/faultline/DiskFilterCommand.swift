// The hidden command that is the file system over a node's data folder: it serves the folder that it
// was started in, over the connection to the kernel that it got as standard input.

import Determinism
import DiskFilter
import Linux

struct DiskFilterCommand {
    private let seed: UInt64

    init(_ rest: ArraySlice<String>) throws {
        let arguments = try Arguments(rest, valued: ["--seed", "--name"])
        guard let name = arguments.value("--name"),
            let seed = try arguments.value("--seed", as: "a whole number", { UInt64($0) })
        else { throw UsageError("disk-filter is started by faultline, with --seed and --name") }
        // Each node has luck of its own.
        self.seed = SeededRandom(seed: seed).fork(name).seed
    }

    func perform() throws -> Int32 {
        try CurrentProcess.raiseDescriptorLimit()
        let server = try FilterServer(FileDescriptor(owning: 0), folder: ".", seed: seed)
        try server.run()
        return ExitCode.held
    }
}
