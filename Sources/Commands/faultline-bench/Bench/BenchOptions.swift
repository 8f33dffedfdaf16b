// The flags that all benchmarks share, and the errors that end one.

import Linux
import Testbed

/// A command line that asks for nothing that can be done.
struct BenchUsage: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A measurement that did not come about; no figure is printed for it.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A program of somebody else that this host does not have; says how to get it.
struct BenchLack: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

struct BenchOptions {
    static let repetitionsMax = 100

    /// Nil: as many as the benchmark thinks right.
    private(set) var repetitions: Int?
    /// Absolute.
    private(set) var programs: String
    private(set) var topology = "fixtures/topologies/web-stack.yaml"
    /// As they were given, for a process of our own.
    let flags: [String]

    init(_ rest: ArraySlice<String>) throws {
        flags = Array(rest)
        programs = File.folder(of: try CurrentProcess.executablePath())
        var seen: Set<Substring> = []
        for argument in rest {
            let parts = argument.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { throw BenchUsage("expected a value: \(argument)") }
            guard seen.insert(parts[0]).inserted else {
                throw BenchUsage("\(parts[0]) is given twice")
            }
            try take(parts[0], String(parts[1]))
        }
    }

    private mutating func take(_ flag: Substring, _ value: String) throws {
        switch flag {
        case "--repetitions":
            guard let count = Int(value), (1...Self.repetitionsMax).contains(count) else {
                throw BenchUsage("--repetitions is a number from 1 to \(Self.repetitionsMax)")
            }
            repetitions = count
        case "--programs": programs = try File.resolved(value)
        case "--topology": topology = value
        default: throw BenchUsage("unknown flag \(flag)")
        }
    }

    /// The path of a program of ours.
    func program(_ name: String) throws -> String {
        let path = "\(programs)/\(name)"
        guard File.isExecutable(path) else {
            throw BenchError(
                "no \(name) in \(programs); build it, or name its folder with --programs")
        }
        return path
    }

    /// The path of somebody else's program.
    static func tool(_ name: String, debian package: String) throws -> String {
        guard let path = ProgramSearch.find(name) else {
            let place = name.contains("/") ? name : "\(name) in PATH"
            throw BenchLack("no \(place); mend it: sudo apt-get install \(package)")
        }
        return path
    }
}
