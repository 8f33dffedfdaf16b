// Figures as people read them; above all, that no share is rounded up to a whole.

import Checkers
import Testing

struct QuantityTests {
    @Test(
        arguments: [
            (0, "0s"), (999, "999ns"), (1000, "1us"), (12_345, "12.3us"), (250_000_000, "250ms"),
            (1_255_000_000, "1.25s"), (99_990_000_000, "99.9s"), (151_000_000_000, "151s"),
            (-5_000_000, "-5ms"),
        ] as [(Int64, String)])
    func `durations have three digits`(nanoseconds: Int64, text: String) {
        #expect(Quantity.duration(nanoseconds) == text)
    }

    @Test(arguments: [
        (1, 1, "100%"), (999_999, 1_000_000, "99.999%"), (0, 5, "0%"), (1, 3, "33.333%"),
        (1, 1000, "0.1%"), (0, 0, "none"),
    ])
    func `shares are cut, not rounded`(part: Int, whole: Int, text: String) {
        #expect(Quantity.percent(part, of: whole) == text)
    }
}
