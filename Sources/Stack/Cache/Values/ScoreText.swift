// Scores as text, as Redis reads and prints them: whole numbers without a point, `inf` and `-inf`, everything
// else in the shortest form that reads back as the same number.

enum ScoreText {
    /// Nil for what is no number; NaN is none.
    static func parse(_ bytes: Span<UInt8>) -> Double? {
        if let whole = Decimal.parse(bytes) { return Double(whole) }
        guard bytes.count > 0, bytes.count <= 64 else { return nil }
        let text = String(decoding: [UInt8](copying: bytes), as: UTF8.self).lowercased()
        switch text {
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default:
            guard let value = Double(text), !value.isNaN else { return nil }
            return value
        }
    }

    static func text(_ score: Double) -> String {
        if score == .infinity { return "inf" }
        if score == -.infinity { return "-inf" }
        if let whole = Int64(exactly: score), abs(whole) < 1 << 53 { return String(whole) }
        return "\(score)"
    }
}
