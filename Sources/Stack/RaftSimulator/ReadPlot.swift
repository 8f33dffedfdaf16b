// Plots against reads: a leader that was deposed and does not know it, and answers that come too late.

import Determinism

extension ScheduleDraw {
    mutating func addDeposedLeader(at start: SimulatedTime) {
        let span = SimulatedTime.milliseconds(random.integer(in: 400...2000))
        let fault: Fault = pick([
            .partition(.isolated(.leader)), .partition(.isolated(.leader)),
            .partition(.deafened(.leader)), .pause(.leader),
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

    mutating func addSleepingLeader(at start: SimulatedTime) {
        let span = SimulatedTime.milliseconds(random.integer(in: 700...1500))
        let sleep = Ambush(moment: .round, delay: .zero, fault: .pause, lasting: span)
        add(.ambush(sleep), at: start)
        for _ in 0..<10 {
            let time = start + SimulatedTime(microseconds: random.integer(in: 400_000...1_600_000))
            add(.operation(write(RegisterKey(0), at: .leader)), at: time)
        }
        for _ in 0..<4 {
            let time = start + span + milliseconds(mean: 30)
            add(.operation(.read(RegisterKey(0), at: .oldestLeader)), at: time)
        }
    }

    mutating func addLeaseTrap(at start: SimulatedTime) {
        let cut = start + SimulatedTime(microseconds: 50)
        add(.partition(.isolated(.leader)), for: .milliseconds(600), at: cut)
        if random.chance(0.5) {
            // What the leader has sent already still arrives.
            add(.chore(.transfer(to: .afterLeader(1))), at: start)
        } else {
            for offset in 1..<max(2, nodes) {
                let fault = Fault.crash(.afterLeader(offset), landed: 255, torn: 0)
                add(fault, for: .milliseconds(5), at: cut)
            }
            for step in 1...3 {
                let time = cut + .milliseconds(12 * step)
                add(.chore(.campaign(.afterLeader(step))), at: time)
            }
        }
        for step in 1...12 {
            let time = start + .milliseconds(20 * step + 10)
            add(.operation(write(RegisterKey(0), at: .leader)), at: time)
            let read = Operation.read(RegisterKey(0), at: .oldestLeader)
            add(.operation(read), at: time + .milliseconds(9))
        }
    }

    mutating func addHastyRestarts(at start: SimulatedTime) {
        var weather = Weather()
        weather.straggling = 600
        weather.repeated = 400
        weather.stragglerDelayMax = .milliseconds(pick([100, 300]))
        add(.storm(weather), for: .milliseconds(900), at: start)
        let victim = place()
        for round in 0..<4 {
            let time = start + .milliseconds(200 * round)
            let fault = Fault.crash(victim, landed: 255, torn: 0)
            add(fault, for: .milliseconds(random.integer(in: 1...10)), at: time)
            for step in 0..<8 {
                let moment = time + .milliseconds(15 * step + 60)
                let read = Operation.read(RegisterKey(0), at: victim, isHandedOn: true)
                add(.operation(read), at: moment)
                var write = write(RegisterKey(0), at: .leader)
                if step % 4 == 0 { write = write.handedOn(by: victim) }
                add(.operation(write), at: moment + .milliseconds(3))
            }
        }
    }
}
