// Measured numbers as text. Medians with the least and the most beside them: five repetitions on a
// shared machine make no standard deviation worth printing.

import Linux
import Testbed

/// The middle and the ends of some repetitions.
struct Spread {
    let median: Double
    let least: Double
    let most: Double

    /// Nil without any value.
    init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let middle = sorted.count / 2
        median =
            sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        least = first
        most = last
    }

    /// `median (least to most)`, as cells of a table.
    func cells(places: Int = 0) -> [String] {
        [
            Figure.text(median, places: places),
            "\(Figure.text(least, places: places)) to \(Figure.text(most, places: places))",
        ]
    }
}

enum Figure {
    /// Fixed decimals with a comma between thousands, as `12,345.6`.
    static func text(_ value: Double, places: Int) -> String {
        let scale = (0..<places).reduce(Int64(1)) { scale, _ in scale * 10 }
        let scaled = Int64((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        let whole = grouped(String(scaled / scale))
        if places == 0 { return sign + whole }
        let fraction = String(scaled % scale)
        let zeros = String(repeating: "0", count: places - fraction.count)
        return "\(sign)\(whole).\(zeros)\(fraction)"
    }

    private static func grouped(_ digits: String) -> String {
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }
}

/// A table of Markdown whose source lines up as well.
struct MarkdownTable {
    private var rows: [[String]]

    init(_ heads: String...) { rows = [heads] }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == rows[0].count, "every row has a cell for every head")
        rows.append(cells)
    }

    /// A row a name, with the median of its figures and their least and most; none where nothing was
    /// measured.
    mutating func add(_ measured: [(name: String, figures: [Double])]) {
        for (name, figures) in measured {
            if let spread = Spread(figures) { add([name] + spread.cells()) }
        }
    }

    /// The first column is text, the others are figures, which line up at their right.
    var text: String {
        let widths = rows[0].indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        var lines = rows.map { row in
            "| "
                + row.enumerated().map { column, cell in
                    let blanks = String(repeating: " ", count: widths[column] - cell.count)
                    return column == 0 ? cell + blanks : blanks + cell
                }.joined(separator: " | ") + " |"
        }
        let rules = widths.enumerated().map { column, width in
            String(repeating: "-", count: width + 1) + (column == 0 ? "-" : ":")
        }
        lines.insert("|" + rules.joined(separator: "|") + "|", at: 1)
        return lines.joined(separator: "\n") + "\n"
    }
}

/// What stands above every table.
enum Heading {
    static func write(_ title: String, _ options: BenchOptions, repetitions: Int) {
        Output.write(
            "\(title); \(HostIdentity.read()); load average \(HostIdentity.loadAverage); "
                + "\(repetitions) \(repetitions == 1 ? "repetition" : "repetitions")\n\n", to: 1)
        progress("programs: \(options.programs)")
    }

    static func progress(_ text: String) { Output.write(text + "\n", to: 2) }
}
