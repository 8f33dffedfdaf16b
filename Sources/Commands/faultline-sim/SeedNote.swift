// Where a search notes which seed it is at, so that the seed is known even when the core traps and takes
// the process with it.
//
// The search runs in a child; this process passes on what it says and waits for it. A child that ends by a
// signal has told nothing, but the note has the seed.

import Linux
import Raft
import RaftSimulator

/// A small file that the seed in work is written to, always with the same number of digits.
final class SeedNote {
    private static let digits = 20

    private let file: FileDescriptor

    init(_ path: String) throws(SyscallError) {
        file = try File.open(path, [.readWrite, .create])
    }

    func write(_ seed: UInt64, _ bug: PlantedBug?) {
        let text = "\(seed)"
        let padded = String(repeating: "0", count: Self.digits - text.count) + text
        // A note that cannot be written is worth no run less.
        try? File.write(file, Array("\(padded) \(bug?.rawValue ?? "")\n".utf8).span, at: 0)
    }

    /// What was in work last; nil when nothing was.
    static func read(_ path: String) -> (seed: UInt64, bug: PlantedBug?)? {
        guard let text = try? File.text(of: path) else { return nil }
        let line = text.prefix { $0 != "\n" }.split(separator: " ", maxSplits: 1)
        guard let seed = line.first.flatMap({ UInt64($0) }) else { return nil }
        return (seed, line.count > 1 ? PlantedBug(rawValue: String(line[1])) : nil)
    }
}

/// A search in a process of its own.
struct WatchedSearch {
    /// The program and its arguments, without those that name the note.
    let command: [String]
    let note: String

    /// The status to exit with: the search's own, or 1 when it was ended by a signal, and the seed told.
    func perform(duration: SimulatedTime) throws(SyscallError) -> Int32 {
        defer { try? File.remove(note) }
        let child = try ToolProcess(command + ["--note=\(note)"], listening: .output)
        while let bytes = try child.read(deadline: .now() + .seconds(60)) {
            Output.write(String(decoding: bytes, as: UTF8.self), to: 1)
        }
        let status = try child.handle.wait()
        if case .exited(let code) = status { return code }
        Output.write(Self.account(of: status, note: note, duration: duration), to: 1)
        return 1
    }

    static func account(of status: ExitStatus, note: String, duration: SimulatedTime) -> String {
        guard let (seed, bug) = SeedNote.read(note) else {
            return "the search ended before its first seed: \(status)\n"
        }
        let replay = Finding.command(seed, bug: bug, duration: duration)
        return "seed \(seed) traps: \(status)\nsee it happen: \(replay)\n"
    }
}
