// A leader that falls silent: who pays for it, and how often.

import Blueprint
import Determinism
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@ReactorActor
@Suite(.timeLimit(.minutes(1)))
struct LeaderSeekerTests {
    @Test func `one silent try turns everybody to the next member`() async throws {
        let paused = try Member()
        let leader = try Member()
        let seeker = seeker([paused, leader], tryTimeout: .milliseconds(100))
        paused.mood = .silent
        // Each of these would wait on the paused member for a minute.
        let others = (0..<20).map { _ in
            Task { @ReactorActor in
                try await seeker.call(["GET"], deadline: .now() + .seconds(90), wait: .seconds(60))
                    .member
            }
        }
        try await until { paused.commandCount == 20 }
        #expect(try await seeker.call(["GET"], deadline: soon()).member == "m-2")
        for call in others { #expect(try await call.value == "m-2") }
        #expect(paused.commandCount == 21)
    }

    @Test func `a silent member is passed over although a follower names it`() async throws {
        let paused = try Member()
        let follower = try Member()
        let seeker = seeker([paused, follower], tryTimeout: .seconds(2))
        paused.mood = .silent
        follower.mood = .answering(.error("NOTLEADER \(paused.address)"))
        let call = Task { @ReactorActor in try await seeker.call(["GET"], deadline: soon()) }
        try await until { follower.commandCount >= 3 }
        #expect(paused.commandCount == 1)
        follower.mood = .answering(.simple("led"))
        #expect(try await call.value.member == "m-2")
    }

    @Test func `a silent member is asked again after a while`() async throws {
        let paused = try Member()
        let follower = try Member()
        let seeker = seeker([paused, follower], tryTimeout: .milliseconds(20))
        paused.mood = .silent
        follower.mood = .answering(.error("NOTLEADER \(paused.address)"))
        let call = Task { @ReactorActor in try await seeker.call(["GET"], deadline: soon()) }
        try await until { paused.commandCount >= 2 }
        paused.mood = .answering(.simple("led"))
        #expect(try await call.value.member == "m-1")
    }

    @Test func `a leader that answers others is slow and not silent`() async throws {
        let leader = try Member()
        let follower = try Member()
        follower.mood = .answering(.error("NOTLEADER -"))
        let (gate, never) = (Promise<Int>(), Promise<Int>())
        leader.onCommand = { command in
            if command.name == "QUICK" { _ = await gate.value() }
            if command.name == "SLOW" { _ = await never.value() }
        }
        let seeker = seeker([leader, follower], tryTimeout: .seconds(10))
        let quick = Task { @ReactorActor in try await seeker.call(["QUICK"], deadline: soon()) }
        try await until { leader.commandCount == 1 }
        let slow = Task { @ReactorActor in
            try await seeker.call(["SLOW"], deadline: .now() + .milliseconds(500))
        }
        try await until { leader.commandCount == 2 }
        gate.fulfil(1)
        #expect(try await quick.value.member == "m-1")
        await #expect(throws: SeekError.unknown("unanswered: timed out")) {
            _ = try await slow.value
        }
        #expect(seeker.leader.name == "m-1")
        #expect(follower.commandCount == 0)
        never.fulfil(1)
    }

    @Test func `a dead leader costs next to nothing`() async throws {
        let dead = try Member()
        let leader = try Member()
        let seeker = seeker([dead, leader], tryTimeout: .seconds(10))
        #expect(try await seeker.call(["GET"], deadline: soon()).member == "m-1")
        dead.kill()
        #expect(try await seeker.call(["GET"], deadline: soon()).member == "m-2")
    }

    @Test func `a lack of room is waited out, or passed on at once where that is asked for`()
        async throws
    {
        let leader = try Member()
        leader.mood = .answering(.error("OVERLOADED no room"))
        let member = NamedAddress(name: "m-1", address: leader.address)
        let hasty = LeaderSeeker(
            [member], random: SeededRandom(seed: 1), retriesOverload: false)
        let reply = try await hasty.call(["SET"], deadline: soon())
        #expect(reply.value == .error("OVERLOADED no room"))
        #expect(leader.commandCount == 1)
        let patient = seeker([leader], tryTimeout: .seconds(2))
        let call = Task { @ReactorActor in try await patient.call(["SET"], deadline: soon()) }
        try await until { leader.commandCount >= 4 }
        leader.mood = .answering(.simple("OK"))
        #expect(try await call.value.value == .simple("OK"))
    }

    @Test func `every try sends the same bytes`() async throws {
        let member = try Member()
        member.mood = .answering(.error("UNKNOWN stepped down"))
        let seeker = seeker([member], tryTimeout: .seconds(10))
        let call = Task { @ReactorActor in
            try await seeker.call(["SET", "x", "1", "ID", "a", "7"], deadline: soon())
        }
        try await until { member.commandCount >= 3 }
        member.mood = .answering(.simple("OK"))
        #expect(try await call.value.value == .simple("OK"))
        #expect(Set(member.commands).count == 1)
    }

    @Test(arguments: ["NOTLEADER", "WRONGSHARD 7"])
    func `a redirect leads to a member that nobody was told of`(_ word: String) async throws {
        let former = try Member()
        let leader = try Member()
        former.mood = .answering(.error("\(word) \(leader.address)"))
        let named = LeaderSeeker(
            [NamedAddress(name: "m-1", address: former.address)], random: SeededRandom(seed: 1),
            acquaintances: [NamedAddress(name: "m-2", address: leader.address)])
        #expect(try await named.call(["SET"], deadline: soon()).member == "m-2")
        #expect(named.redirectCount == 1)
        #expect(try await named.call(["SET"], deadline: soon()).member == "m-2")
        #expect(former.commandCount == 1)
        let strange = seeker([former], tryTimeout: .seconds(2))
        #expect(
            try await strange.call(["SET"], deadline: soon()).member == "\(leader.address)")
    }

    @Test func `where nobody knows the owner, the next member is asked`() async throws {
        let lost = try Member()
        let owner = try Member()
        lost.mood = .answering(.error("WRONGSHARD 0 -"))
        let seeker = seeker([lost, owner], tryTimeout: .seconds(2))
        #expect(try await seeker.call(["SET"], deadline: soon()).member == "m-2")
        #expect(seeker.redirectCount == 0)
    }

    @Test func `members that were begun with outlast a hundred that redirects brought`()
        async throws
    {
        let first = try Member()
        let seeker = seeker([first], tryTimeout: .seconds(2))
        for round in 1...100 {
            // Nobody listens there, so the seeker comes back.
            let nobody = SocketAddress(ip: IPv4Address(127, 0, 3, UInt8(round)), port: 9)
            first.mood = .answering(.error("NOTLEADER \(nobody)"))
            first.onCommand = { _ in first.mood = .answering(.simple("OK")) }
            let count = first.commandCount
            let call = Task { @ReactorActor in try await seeker.call(["SET"], deadline: soon()) }
            #expect(try await call.value.value == .simple("OK"))
            #expect(first.commandCount >= count + 1)
        }
        #expect(seeker.memberCount <= 17)
    }

    private func seeker(_ members: [Member], tryTimeout: Duration) -> LeaderSeeker {
        let names = members.enumerated().map { index, member in
            NamedAddress(name: "m-\(index + 1)", address: member.address)
        }
        return LeaderSeeker(
            names, random: SeededRandom(seed: 1), tryTimeout: tryTimeout,
            connectTimeout: .seconds(10))
    }
}

/// One member of a group, which answers as it is told.
@ReactorActor
private final class Member {
    enum Mood {
        case answering(RESPValue)
        case silent
    }

    var mood: Mood {
        get { state.mood }
        set { state.mood = newValue }
    }

    var onCommand: @ReactorActor (RESPCommand) async -> Void {
        get { state.onCommand }
        set { state.onCommand = newValue }
    }

    var commands: [RESPCommand] { state.commands }
    var commandCount: Int { state.commands.count }
    var address: SocketAddress { server.address }

    @ReactorActor
    private final class State {
        var mood = Mood.answering(.simple("OK"))
        var onCommand: @ReactorActor (RESPCommand) async -> Void = { _ in }
        var commands: [RESPCommand] = []
    }

    private let state: State
    private let server: RESPServer

    init() throws {
        let state = State()
        self.state = state
        server = try RESPServer(SocketAddress(ip: .loopback, port: 0)) { command in
            state.commands.append(command)
            await state.onCommand(command)
            switch state.mood {
            case .answering(let value): return value
            case .silent:
                _ = await Promise<Int>().value()
                return .null
            }
        }
        Task { @ReactorActor [server] in await server.run() }
    }

    func kill() { server.stop() }
}
