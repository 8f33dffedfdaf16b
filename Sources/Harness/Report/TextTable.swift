// Columns of text that line up in a terminal, and the few colours that a terminal gets on request.

/// Rows of cells; all columns but the last are padded to their longest cell.
package struct TextTable {
    private var rows: [[Cell]] = []

    /// Text with the colour that it is shown in, which takes no room.
    package struct Cell {
        package var text: String
        package var colour: Colour?

        package init(_ text: String, _ colour: Colour? = nil) {
            self.text = text
            self.colour = colour
        }
    }

    package init() {}

    mutating func add(_ cells: Cell...) { rows.append(cells) }
    package mutating func add(_ cells: [Cell]) { rows.append(cells) }

    /// Lines that begin with `indent` and end without blanks.
    package func lines(indent: String, coloured: Bool) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].text.count : 0 }.max() ?? 0
        }
        return rows.map { cells in
            var line = indent
            for (column, cell) in cells.enumerated() {
                line += coloured ? cell.colour?.paint(cell.text) ?? cell.text : cell.text
                guard column + 1 < cells.count else { break }
                line += String(repeating: " ", count: widths[column] - cell.text.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

/// Colours of ECMA-48, SGR 31 to 33 and 2.
package enum Colour: Int {
    case red = 31
    case green = 32
    case yellow = 33
    case faint = 2

    func paint(_ text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}
