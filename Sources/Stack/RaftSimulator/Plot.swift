// Plots against the log: events that steer towards the situations on which the arguments about elections,
// commitment, snapshots and members turn.

import Determinism

extension ScheduleDraw {
    mutating func addAmbush(at time: SimulatedTime) {
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

    mutating func addFallingLeaders(at start: SimulatedTime) {
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
    mutating func addFigureEight(at start: SimulatedTime) {
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

    mutating func addLostFollower(at start: SimulatedTime) {
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
        }
        for step in 0..<20 {
            let time = start + span + .milliseconds(20 * step)
            add(.operation(write(key(), at: .leader)), at: time)
        }
        let end = start + span
        for place in 0..<5 where random.chance(0.8) {
            let keep = pick([0, 0, 1, 5])
            add(.chore(.compact(.place(place), keep: keep)), at: end - .milliseconds(1))
        }
        if random.chance(0.8) {
            var weather = weather(lostMax: 50)
            weather.straggling = 500
            weather.repeated = 600
            weather.stragglerDelayMax = .milliseconds(pick([50, 200]))
            add(.storm(weather), for: .milliseconds(400), at: end - .milliseconds(5))
        }
    }

    mutating func addForkedLog(at start: SimulatedTime) {
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

    mutating func addMemberChange(at start: SimulatedTime) {
        let newcomer = Target.place(nodes - 1 - random.integer(in: 0..<2))
        if random.chance(0.3) {
            // The change stays with a leader that is cut off, and is cut from its log later.
            let cut = start - SimulatedTime(microseconds: 100)
            add(.partition(.isolated(.leader)), for: milliseconds(mean: 800), at: cut)
        }
        add(.chore(.change(.addLearner(newcomer))), at: start)
        // Promotions are refused until the learner has caught up, so they are asked for repeatedly.
        let wish: Chore.Wish =
            switch random.integer(in: 0..<8) {
            case 0, 1: .promote(newcomer)
            case 2, 3: .swap(out: .leader, in: newcomer)
            case 4, 5: .swap(out: target(), in: newcomer)
            case 6: .demote(target())
            default: .remove(pick([.leader, newcomer, target()]))
            }
        for _ in 0..<3 {
            let time = start + .milliseconds(random.integer(in: 30...900))
            add(.chore(.change(wish)), at: time)
            guard random.chance(0.5) else { continue }
            // Struck while the configurations of the two sides differ.
            let fault: Fault = pick([
                .partition(.isolated(.leader)), .partition(.isolated(.leader)),
                .partition(.pair(.leader, newcomer)), .partition(.pair(.leader, newcomer)),
                .partition(.split(mask: byte())), crash(.leader), .partition(.isolated(newcomer)),
            ])
            // A little before it, the change stays with the leader that is cut off.
            let delay = SimulatedTime(microseconds: random.integer(in: -2000...10_000))
            add(fault, for: milliseconds(mean: 500), at: time + delay)
        }
        // Groups that only grow or only shrink are soon of one kind.
        let undo: Chore.Wish = pick([.remove(newcomer), .demote(newcomer), .remove(.leader)])
        add(.chore(.change(undo)), at: start + milliseconds(mean: 3000))
    }

    mutating func addSplitVote(at start: SimulatedTime) {
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
