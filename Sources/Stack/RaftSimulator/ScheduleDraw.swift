// Draws schedules from seeds.
//
// No two seeds should try the same thing, and no seed should try everything: where all faults happen all the
// time, a group never gets far enough to be wrong in an interesting way. So each seed first draws which
// troubles it has at all, how often, and in what group ("swarm testing": Groce et al., ISSTA 2012). Some
// troubles are single faults, some are little plots of several events that steer towards the situations on
// which the protocol's arguments turn (Plot.swift).

import Determinism

extension Schedule {
    /// The schedule of a seed; the same seed and duration always give the same one.
    package static func drawn(
        from seed: UInt64, duration: SimulatedTime = .seconds(20)
    ) -> Schedule {
        var draw = ScheduleDraw(seed: seed, duration: duration)
        return draw.schedule()
    }
}

struct ScheduleDraw {
    private let seed: UInt64
    let duration: SimulatedTime
    /// How many nodes the group and its spares are.
    private(set) var nodes = 0
    private var changesMembers = false
    private var hasLease = false
    var random: SeededRandom
    var events: [Schedule.Event] = []

    init(seed: UInt64, duration: SimulatedTime) {
        self.seed = seed
        self.duration = duration
        random = SeededRandom(seed: seed).fork("schedule")
    }

    mutating func schedule() -> Schedule {
        let group = group()
        nodes = group.voters + group.spares
        changesMembers = group.spares > 0 || random.chance(0.2)
        hasLease = group.leaseDriftPercentMax != nil
        let weather = random.chance(0.3) ? Weather.calm : weather(lostMax: 150)
        addTroubles()
        addOperations()
        let ordered = events.enumerated().sorted {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }
        return Schedule(
            seed: seed, group: group, weather: weather, duration: duration,
            events: ordered.map(\.element).filter { $0.time < duration })
    }

    // MARK: The group

    private mutating func group() -> GroupShape {
        var group = GroupShape()
        // Mostly three: a majority that is one node from being none.
        group.voters = pick([3, 3, 3, 3, 3, 5, 5, 5, 4, 2])
        if random.chance(0.5) { group.spares = pick([1, 1, 2]) }
        group.tick = .milliseconds(pick([10, 20, 25, 50]))
        // Small limits cut appends into pieces, between which there is much to break.
        if random.chance(0.7) {
            group.appendBytesMax = pick([1, 60, 150, 400])
            group.appendsInFlightMax = pick([1, 2, 4, 16])
            group.committedBytesMax = pick([1, 100, 400])
        }
        group.syncMin = SimulatedTime(microseconds: pick([50, 200, 1000, 5000, 20_000]))
        if random.chance(0.4) { group.leaseDriftPercentMax = pick([0, 10, 30]) }
        group.encodesMessages = random.chance(0.25)
        return group
    }

    mutating func weather(lostMax: Int) -> Weather {
        var weather = Weather()
        if random.chance(0.5) { weather.lost = random.integer(in: 0...lostMax) }
        if random.chance(0.5) { weather.repeated = random.integer(in: 0...lostMax) }
        if random.chance(0.5) { weather.straggling = random.integer(in: 0...40) }
        weather.delayMax = SimulatedTime(
            microseconds: pick([500, 1000, 5000, 20_000, 60_000]))
        return weather
    }

    // MARK: Troubles

    private mutating func addTroubles() {
        var menu: [Trouble] = []
        for trouble in Trouble.allCases where trouble != .memberChange {
            let isPlot = trouble.span > .zero
            guard random.chance(isPlot ? 0.5 : 0.35) else { continue }
            for _ in 0..<random.integer(in: 1...3) * (isPlot ? 2 : 1) { menu.append(trouble) }
        }
        if changesMembers {
            menu += Array(repeating: .memberChange, count: 1 + menu.count / 4)
        }
        if hasLease { menu += [.leaseTrap, .leaseTrap, .deposedLeader] }
        guard !menu.isEmpty else { return }
        let gap = Double(pick([100, 200, 400, 800]))
        var time = SimulatedTime.milliseconds(300)
        while time < duration {
            time = time + milliseconds(mean: gap)
            let trouble = pick(menu)
            add(trouble, at: time)
            // Mostly a plot is left alone until it has come to its point.
            if random.chance(0.75) { time = time + trouble.span }
        }
    }

    // MARK: Clients

    private mutating func addOperations() {
        let gap = Double(pick([20, 40, 80, 160]))
        var time = SimulatedTime.milliseconds(200)
        while time < duration {
            time = time + milliseconds(mean: gap)
            addOperation(at: time)
        }
    }

    private mutating func addOperation(at time: SimulatedTime) {
        let key = key()
        if random.chance(0.4) {
            let read = Operation.read(key, at: aim(), isHandedOn: random.chance(0.3))
            return add(.operation(read), at: time)
        }
        add(.operation(write(key, at: aim())), at: time)
        // A read close behind a write is the one that a mistake would show in.
        guard random.chance(0.5) else { return }
        let read =
            random.chance(0.3)
            ? Operation.read(key, at: place(), isHandedOn: true)
            : Operation.read(key, at: pick([.oldestLeader, .leader, aim()]))
        add(.operation(read), at: time + milliseconds(mean: 10))
    }

    mutating func write(_ key: RegisterKey, at aim: Target) -> Operation {
        Operation(
            aim: aim, key: key, isHandedOn: random.chance(0.2), writes: pick([1, 1, 1, 2, 5]),
            padding: pick([0, 0, 30, 200]))
    }

    mutating func key() -> RegisterKey {
        RegisterKey(UInt8(random.integer(in: 0..<RegisterKey.count)))
    }

    private mutating func aim() -> Target {
        pick([.leader, .leader, .oldestLeader, target()])
    }

    // MARK: Drawing

    mutating func add(_ action: Schedule.Action, at time: SimulatedTime) {
        events.append(Schedule.Event(time: time, action: action))
    }

    /// One of some values; there is at least one.
    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[random.integer(in: 0..<values.count)]
    }

    mutating func place() -> Target { .place(random.integer(in: 0..<60)) }

    /// A node by its part half of the time, since most mistakes need the leader.
    mutating func target() -> Target {
        switch random.integer(in: 0..<6) {
        case 0, 1: .leader
        case 2: .afterLeader(random.integer(in: 1..<5))
        default: place()
        }
    }

    /// Exponentially distributed, so that events come in bunches and in gaps.
    mutating func milliseconds(mean: Double) -> SimulatedTime {
        SimulatedTime(microseconds: Int(random.exponential(mean: mean) * 1000))
    }

    mutating func byte() -> UInt8 { UInt8(random.integer(in: 0...255)) }
}
