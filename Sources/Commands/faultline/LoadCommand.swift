// `faultline load`: the generator alone; and the hidden command that is the generator of a run.

import Experiment
import Linux
import Load
import Reactor
import Wire

struct LoadCommand {
    private let options: LoadOptions
    private let json: Bool

    init(_ rest: ArraySlice<String>) throws {
        let arguments = try Arguments(
            rest,
            valued: [
                "--url", "--rate", "--duration", "--arrivals", "--connections", "--timeout",
                "--seed",
            ], plain: ["--json"])
        options = try Self.options(arguments)
        json = arguments.has("--json")
    }

    private static func options(_ arguments: Arguments) throws -> LoadOptions {
        let url = try arguments.value("--url", as: "an http URL with an IPv4 address") {
            LoadURL($0)
        }
        let rate = try arguments.value("--rate", as: "a rate such as 2000/s") {
            Quantity.rateOrNil($0)
        }
        let duration = try arguments.value("--duration", as: "a time such as 10s") {
            Quantity.durationOrNil($0)
        }
        guard let url, let rate, let duration else {
            throw UsageError("--url, --rate and --duration are needed")
        }
        var options = LoadOptions(url: url, rate: rate, duration: duration)
        options.arrivals =
            try arguments.value("--arrivals", as: "even or poisson") {
                ArrivalProcess(rawValue: $0)
            } ?? options.arrivals
        options.connections =
            try arguments.value("--connections", as: "a number") { Int($0) }
            ?? options.connections
        options.timeout =
            try arguments.value("--timeout", as: "a time such as 2s") {
                Quantity.durationOrNil($0)
            } ?? options.timeout
        options.seed =
            try arguments.value("--seed", as: "a number") { UInt64($0) } ?? options.seed
        return options
    }

    func perform() throws -> Int32 {
        try CurrentProcess.raiseDescriptorLimit()
        let options = options
        let summary = Reactor.run { await LoadRunner.run(options) }
        Output.write(summary.text, to: 2)
        if json { Output.write(summary.json.text + "\n", to: 1) }
        return summary.isValid ? ExitCode.held : ExitCode.inconclusive
    }
}

/// The generator of a run: started by the conductor inside the client's namespace.
struct LoadAgentCommand {
    private let plan: LoadPlan
    private let listen: SocketAddress

    init(_ rest: ArraySlice<String>) throws {
        let arguments = try Arguments(rest, valued: ["--plan", "--listen"])
        listen = try Self.listen(arguments)
        plan = try Self.plan(arguments)
    }

    private static func listen(_ arguments: Arguments) throws -> SocketAddress {
        guard let text = arguments.value("--listen"), let address = SocketAddress(text) else {
            throw UsageError("--listen needs an address with a port")
        }
        return address
    }

    private static func plan(_ arguments: Arguments) throws -> LoadPlan {
        guard let path = arguments.value("--plan") else { throw UsageError("--plan is needed") }
        return try LoadPlan(json: JSON.parse(File.contents(of: path)))
    }

    func perform() throws -> Int32 {
        try CurrentProcess.raiseDescriptorLimit()
        let (plan, listen) = (plan, listen)
        return Reactor.run { await Self.serve(plan, listen) }
    }

    @ReactorActor
    private static func serve(_ plan: LoadPlan, _ listen: SocketAddress) async -> Int32 {
        do {
            try await LoadAgent(plan, listen: listen).run()
            return ExitCode.held
        } catch {
            Output.write("load-agent: \(error)\n", to: 2)
            return ExitCode.harnessFailed
        }
    }
}
