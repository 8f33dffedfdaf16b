// The parameters of the faults that treat packets badly; `Impairment` says what they mean.

import Wire

extension FaultParameters {
    static var delay: Parameter<Duration> {
        .duration("delay", .microseconds(1) ... .seconds(60), "added to every packet's way")
            .required
    }
    static var jitter: Parameter<Duration> {
        .duration("jitter", .zero ... .seconds(60), "how far delays stray; at most the delay")
    }
    static var correlation: Parameter<Double> {
        .ratio("correlation", 0...0.999, "of one packet's delay with the next one's; default 0")
    }
    static var distribution: Parameter<DelayDistributionWord> {
        .word("distribution", DelayDistributionWord.self)
    }
    static var table: Parameter<String> {
        .text(
            "table",
            ExperimentSchema.text("path of a distribution as netem's, relative to this file"))
    }
    static var order: Parameter<PacketOrder> { .word("order", PacketOrder.self) }

    static var ratio: Parameter<Double> { .share("ratio", "share of packets") }
    static var p: Parameter<Double> {
        .ratio("p", 0.000_001...1, "probability to go from the good to the bad state, a packet")
    }
    static var r: Parameter<Double> {
        .ratio("r", 0.000_001...1, "probability to go from the bad to the good state, a packet")
    }
    static var h: Parameter<Double> {
        .ratio("h", 0...1, "probability that a packet survives the bad state; default 0")
    }
    static var k: Parameter<Double> {
        .ratio("k", 0...1, "probability that a packet survives the good state; default 1")
    }
    static var nth: Parameter<Int> { .integer("nth", 2...1_000_000, "every so many-th packet") }

    static var hold: Parameter<Duration> {
        .duration(
            "delay", .milliseconds(1) ... .seconds(10),
            "how long a packet is held back for others to overtake it; default 10ms")
    }
    static var checksum: Parameter<Corruption.Checksum> {
        .word("checksum", Corruption.Checksum.self)
    }
    static var rate: Parameter<Int> {
        .bandwidth("rate", 64_000...1_000_000_000, "bits of Ethernet frames a second").required
    }
    static var queueBytes: Parameter<Int> {
        .size("queue", 1514...(64 << 20), "bytes that may wait")
    }
    static var queuePackets: Parameter<Int> {
        .integer("packets", 1...10_000, "packets that may wait; default 1000")
    }
}

/// The words for distributions of delays.
enum DelayDistributionWord: String, CaseIterable {
    case uniform, normal, pareto, table
}

/// Whether packets of varying delays may overtake one another.
enum PacketOrder: String, CaseIterable {
    case kept, free
}
