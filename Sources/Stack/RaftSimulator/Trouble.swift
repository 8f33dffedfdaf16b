// The troubles that a schedule may have: single faults, and plots of several events with one aim
// (Plot.swift, ReadPlot.swift).

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
    /// A leader falls asleep while its heartbeats are answered, and wakes up when all is over.
    case sleepingLeader
    /// Another leader is elected within the lease of one that is cut off, as far as voters let it.
    case leaseTrap
    /// A follower restarts again and again, while answers to its former lives are under way.
    case hastyRestarts

    /// How long it takes to unfold; zero for single faults.
    var span: SimulatedTime {
        switch self {
        case .crash, .blackout, .pause, .partition, .storm, .clock, .slowDisk, .compaction,
            .transfer, .campaign, .ambush:
            .zero
        case .splitVote, .leaseTrap, .hastyRestarts: .milliseconds(800)
        case .lostFollower, .memberChange: .milliseconds(1200)
        case .fallingLeaders, .forkedLog, .deposedLeader, .sleepingLeader: .milliseconds(1600)
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
        case .sleepingLeader: addSleepingLeader(at: time)
        case .leaseTrap: addLeaseTrap(at: time)
        case .hastyRestarts: addHastyRestarts(at: time)
        }
    }

    mutating func add(_ fault: Fault, for span: SimulatedTime, at time: SimulatedTime) {
        add(.fault(fault, for: span), at: time)
    }

    mutating func crash(_ target: Target) -> Fault {
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
}
