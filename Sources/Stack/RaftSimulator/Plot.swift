// The troubles that a schedule may have: single faults, and plots of several events with one aim.

import Determinism

enum Trouble: CaseIterable {
    case crash, blackout, pause, partition, storm, clock, slowDisk
    case compaction, transfer, campaign
    /// A node is struck at the very moment when it does what it must not forget.
    case ambush
    /// Leaders crash one after the other, each soon after its election (paper, figure 8).
    case fallingLeaders
    /// The very schedule of figure 8, as far as the group plays along.
    case figureEight
    /// A leader is cut off and goes on to be asked, while another one is elected and written to.
    case deposedLeader
    /// A follower misses so much that only a snapshot helps, and then the old messages arrive.
    case lostFollower
    /// A leader writes what nobody else gets, and comes back when others have gone on.
    case forkedLog
    /// Two nodes campaign in the same moment, and voters die between promise and disk.
    case splitVote
    /// Members come and go, while whoever leads may be struck in the middle of it.
    case memberChange

    /// How long it takes to unfold; zero for single faults.
    var span: SimulatedTime {
        switch self {
        case .crash, .blackout, .pause, .partition, .storm, .clock, .slowDisk, .compaction,
            .transfer, .campaign, .ambush:
            .zero
        case .splitVote: .milliseconds(800)
        case .lostFollower, .memberChange: .milliseconds(1200)
        case .fallingLeaders, .forkedLog, .deposedLeader: .milliseconds(1600)
        case .figureEight: .milliseconds(2200)
        }
    }
}

extension ScheduleDraw {
    mutating func add(_ trouble: Trouble, at time: SimulatedTime) {
        switch trouble {
        case .crash: add(crash(target()), for: milliseconds(mean: pick([10, 200, 1000])), at: time)
        case .blackout:
            let fault = Fault.blackout(landed: byte(), torn: byte() % 4)
            add(fault, for: milliseconds(mean: 100), at: time)
        case .pause: add(.pause(target()), for: milliseconds(mean: pick([30, 700])), at: time)
        case .partition:
            add(.partition(partition()), for: milliseconds(mean: pick([100, 800])), at: time)
        case .storm:
            add(.storm(weather(lostMax: 500)), for: milliseconds(mean: 500), at: time)
        case .clock:
            let fault = Fault.clock(target(), percent: pick([0, 25, 80, 125, 400]))
            add(fault, for: milliseconds(mean: 1500), at: time)
        case .slowDisk:
            let fault = Fault.slowDisk(target(), times: pick([5, 30, 200]))
            add(fault, for: milliseconds(mean: 800), at: time)
        case .compaction:
            add(.chore(.compact(target(), keep: pick([0, 0, 2, 8]))), at: time)
        case .transfer: add(.chore(.transfer(to: place())), at: time)
        case .campaign: add(.chore(.campaign(place())), at: time)
        case .ambush: addAmbush(at: time)
        case .fallingLeaders: addFallingLeaders(at: time)
        case .figureEight: addFigureEight(at: time)
        case .deposedLeader: addDeposedLeader(at: time)
        case .lostFollower: addLostFollower(at: time)
        case .forkedLog: addForkedLog(at: time)
        case .splitVote: addSplitVote(at: time)
        case .memberChange: addMemberChange(at: time)
        }
    }

    private mutating func add(_ fault: Fault, for span: SimulatedTime, at time: SimulatedTime) {
        add(.fault(fault, for: span), at: time)
    }

    private mutating func crash(_ target: Target) -> Fault {
        .crash(target, landed: pick([0, byte(), 255]), torn: byte() % 5)
    }

    private mutating func partition() -> Partition {
        switch random.integer(in: 0..<7) {
        case 0: .isolated(target())
        case 1: .muted(target())
        case 2: .deafened(target())
        case 3: .split(mask: byte())
        case 4: .bridge(target())
        case 5: .ring
        default: .link(from: target(), to: place())
        }
    }

    // MARK: Plots

    private mutating func addAmbush(at time: SimulatedTime) {
        let fault: Ambush.SuddenFault =
            switch random.integer(in: 0..<6) {
            case 0, 1, 2: .crash(landed: pick([0, 0, byte()]), torn: pick([0, 1, 2]))
            case 3: .pause
            case 4: .cut(.isolate)
            default: .cut(pick([.mute, .deafen]))
            }
        let ambush = Ambush(
            moment: pick(Ambush.Moment.allCases),
            delay: SimulatedTime(microseconds: pick([0, 100, 500, 2000, 10_000])), fault: fault,
            lasting: milliseconds(mean: pick([5, 100, 600])))
        add(.ambush(ambush), at: time)
    }

    private mutating func addFallingLeaders(at start: SimulatedTime) {
        var time = start
        for _ in 0..<random.integer(in: 2...5) {
            let ambush = Ambush(
                moment: pick([.election, .election, .commit]),
                delay: SimulatedTime(microseconds: pick([100, 1000, 5000, 30_000])),
                fault: pick([
                    .crash(landed: 255, torn: 0), .crash(landed: 0, torn: 2), .cut(.isolate),
                ]),
                lasting: milliseconds(mean: 600))
            add(.ambush(ambush), at: time)
            add(.operation(write(key(), at: .leader)), at: time + milliseconds(mean: 20))
            time = time + milliseconds(mean: 300)
        }
    }

    /// The first leader keeps entries to itself, the second its election; the first comes back.
    private mutating func addFigureEight(at start: SimulatedTime) {
        let span = SimulatedTime.milliseconds(random.integer(in: 350...900))
        add(.partition(.isolated(.leader)), for: span, at: start)
        for step in 1...random.integer(in: 1...3) {
            add(.operation(write(key(), at: .oldestLeader)), at: start + .milliseconds(step))
        }
        add(ambush(.election, for: 1500), at: start + .milliseconds(10))
        add(ambush(.commit, for: 1200), at: start + .milliseconds(340))
    }

    /// Cuts a node off in the very step in which its moment comes.
    private mutating func ambush(_ moment: Ambush.Moment, for mean: Int) -> Schedule.Action {
        .ambush(
            Ambush(
                moment: moment, delay: .zero, fault: .cut(.isolate),
                lasting: .milliseconds(random.integer(in: mean / 2...mean * 3 / 2))))
    }

    private mutating func addDeposedLeader(at start: SimulatedTime) {
        let span = SimulatedTime.milliseconds(random.integer(in: 400...2000))
        let fault: Fault = pick([
            .partition(.isolated(.leader)), .partition(.deafened(.leader)), .pause(.leader),
            .clock(.leader, percent: 0),
        ])
        add(fault, for: span, at: start)
        // With its clock stopped it does not notice that nobody answers.
        if random.chance(0.7) { add(.clock(.leader, percent: 10), for: span, at: start) }
        add(.operation(.read(RegisterKey(0), at: .leader)), at: start - .milliseconds(30))
        for _ in 0..<16 {
            let time = start + SimulatedTime(microseconds: random.integer(in: 300_000...1_500_000))
            let key = RegisterKey(0)
            add(.operation(write(key, at: .leader)), at: time)
            add(.operation(.read(key, at: .oldestLeader)), at: time + milliseconds(mean: 40))
        }
    }

    private mutating func addLostFollower(at start: SimulatedTime) {
        let victim = random.integer(in: 1..<5)
        let span = SimulatedTime.milliseconds(random.integer(in: 100...900))
        let fault: Fault = pick([
            .partition(.isolated(.afterLeader(victim))), crash(.afterLeader(victim)),
            .partition(.link(from: .leader, to: .afterLeader(victim))),
        ])
        add(fault, for: span, at: start)
        for step in 0..<8 {
            let time = start + .milliseconds(10 * step)
            add(.operation(write(key(), at: .leader)), at: time)
            add(.operation(write(key(), at: .leader)), at: time + span)
        }
        let end = start + span
        for place in 0..<5 where random.chance(0.8) {
            let keep = pick([0, 0, 1, 5])
            add(.chore(.compact(.place(place), keep: keep)), at: end - .milliseconds(1))
        }
        if random.chance(0.6) {
            var weather = weather(lostMax: 200)
            weather.straggling = 300
            weather.repeated = 500
            weather.stragglerDelayMax = .milliseconds(pick([50, 400]))
            add(.storm(weather), for: .milliseconds(400), at: end - .milliseconds(5))
        }
    }

    private mutating func addForkedLog(at start: SimulatedTime) {
        let span = SimulatedTime.milliseconds(random.integer(in: 400...1500))
        let victim = pick([Partition.isolated(.leader), .muted(.leader), .bridge(.leader)])
        add(.partition(victim), for: span, at: start)
        if random.chance(0.4) {
            add(.slowDisk(.leader, times: pick([30, 200])), for: span, at: start)
        }
        for step in 0..<random.integer(in: 1...12) {
            let time = start + .milliseconds(5 * step + 2)
            add(.operation(write(key(), at: .oldestLeader)), at: time)
        }
        for step in 0..<6 {
            let time = start + .milliseconds(60 * step + 400)
            add(.operation(write(key(), at: .leader)), at: time)
        }
    }

    private mutating func addMemberChange(at start: SimulatedTime) {
        let newcomer = Target.place(nodes - 1 - random.integer(in: 0..<2))
        add(.chore(.change(.addLearner(newcomer))), at: start)
        // Promotions are refused until the learner has caught up, so they are asked for repeatedly.
        let wish: Chore.Wish =
            switch random.integer(in: 0..<6) {
            case 0, 1: .promote(newcomer)
            case 2: .swap(out: .leader, in: newcomer)
            case 3: .swap(out: target(), in: newcomer)
            case 4: .demote(target())
            default: .remove(pick([.leader, newcomer, target()]))
            }
        for _ in 0..<3 {
            let time = start + .milliseconds(random.integer(in: 30...900))
            add(.chore(.change(wish)), at: time)
            guard random.chance(0.4) else { continue }
            // Struck while the configurations of the two sides differ.
            let fault: Fault = pick([
                .partition(.isolated(.leader)), .partition(.split(mask: byte())),
                crash(.leader), .partition(.isolated(newcomer)),
            ])
            // A little before it, the change stays with the leader that is cut off.
            let delay = SimulatedTime(microseconds: random.integer(in: -2000...10_000))
            add(fault, for: milliseconds(mean: 500), at: time + delay)
        }
        // Groups that only grow or only shrink are soon of one kind.
        let undo: Chore.Wish = pick([.remove(newcomer), .demote(newcomer), .remove(.leader)])
        add(.chore(.change(undo)), at: start + milliseconds(mean: 3000))
    }

    private mutating func addSplitVote(at start: SimulatedTime) {
        // Nobody knows a leader then, and nobody waits for one.
        add(.blackout(landed: 255, torn: 0), for: .milliseconds(5), at: start)
        let time = start + .milliseconds(random.integer(in: 10...40))
        let first = random.integer(in: 0..<5)
        add(.chore(.campaign(.place(first))), at: time)
        add(.chore(.campaign(.place(first + 1))), at: time)
        // A voter has to be back before the rival's request arrives.
        var weather = weather(lostMax: 100)
        weather.delayMax = .milliseconds(pick([10, 40]))
        add(.storm(weather), for: .milliseconds(300), at: time - .milliseconds(1))
        for _ in 0..<3 {
            let ambush = Ambush(
                moment: .vote, delay: SimulatedTime(microseconds: pick([0, 100, 1000])),
                fault: .crash(landed: 0, torn: 0), lasting: .milliseconds(pick([0, 2, 5])))
            add(.ambush(ambush), at: time - .milliseconds(1))
        }
    }
}
