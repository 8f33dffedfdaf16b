// What a budget comes to in the files of a control group, and what the kernel's files say.

import Experiment
import Linux
import Testing

@testable import Testbed

struct BudgetLimitsTests {
    @Test(arguments: [
        (0.5, ["20000", "10000"], "10000 20000"),
        (0.05, ["20000", "1000"], "1000 20000"),
        (0.02, ["100000", "2000"], "2000 100000"),  // 0.4 ms of 20 would be below the least quota
        (2.0, ["20000", "40000"], "40000 20000"),
    ])
    func `a share of a core is a quota in a period`(share: Double, one: [String], two: String) {
        #expect(BudgetLimits.cpu(share, .one).map(\.value) == one)
        #expect(BudgetLimits.cpu(share, .two) == [GroupFile(name: "cpu.max", value: two)])
    }

    @Test func `memory is limited without swap`() {
        let one = BudgetLimits.memory(1 << 26, .one)
        #expect(one.map(\.name) == ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"])
        #expect(one.map(\.value) == ["67108864", "67108864"])
        #expect(BudgetLimits.memory(1 << 26, .two).map(\.value) == ["67108864", "0"])
    }

    @Test func `throttled time is read in both versions`() {
        let one = BudgetUsage(
            cpuStat: "nr_periods 102\nnr_throttled 101\nthrottled_time 1703131561\n")
        #expect(one.periods == 102)
        #expect(one.throttledPeriods == 101)
        #expect(one.throttled == .nanoseconds(1_703_131_561))
        let two = BudgetUsage(
            cpuStat: "usage_usec 9\nnr_periods 3\nnr_throttled 2\nthrottled_usec 1500\n")
        #expect(two.throttled == .microseconds(1500))
    }

    @Test func `a limit that reads back as another is refused`() throws {
        let folder = "/tmp/faultline-limits-\(MonotonicTime.now().nanoseconds)"
        try File.makeDirectories(folder)
        defer { try? File.removeTree(folder) }
        try File.save(
            Array("max 100000, and more than will be written\n".utf8), to: "\(folder)/cpu.max")
        #expect(throws: SyscallError.self) {
            try BudgetLimits.apply(BudgetLimits.cpu(0.5, .two), to: folder)
        }
        try File.save([], to: "\(folder)/cpu.max")
        try BudgetLimits.apply(BudgetLimits.cpu(0.5, .two), to: folder)
        #expect(try File.text(of: "\(folder)/cpu.max") == "10000 20000")
    }
}
