// ladder.svg and ladder.html: the curve of users by phase, on a logarithmic scale, the article's claim
// beside what was measured; the page has the table and the evidence under it. No script and nothing from
// elsewhere, so the files can be kept with a build.

import Checkers

extension LadderReport {
    /// The curve alone.
    package var svg: String {
        let plot = LadderPlot(
            names: rungs.map(\.name), claims: rungs.map { $0.claim.map(Double.init) },
            measured: rungs.map { $0.result?.rate.map { Double(users(at: $0)) } },
            labels: rungs.map(rateText))
        return plot.svg
    }

    /// A page that stands alone.
    package var html: String {
        let style = """
            body{font:15px/1.5 system-ui,sans-serif;max-width:64em;margin:2em auto;padding:0 1em;\
            color:#1b1f24;background:#fff}table{border-collapse:collapse}td,th{text-align:left;\
            padding:.3em .8em .3em 0;border-bottom:1px solid #d8dee4;vertical-align:top}\
            svg{max-width:100%;height:auto}pre{white-space:pre-wrap}
            """
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>faultline ladder</title>
            <style>\(style)</style></head><body>
            <h1>Ladder: \(escaped(outcome.word))</h1>
            <p>Objectives: \(escaped(objectives.joined(separator: ", "))). Seed \(seed), \
            \(escaped(started)), \(Quantity.duration(elapsed)).</p>
            \(svg)
            \(htmlTable)
            <h2>Evidence</h2>
            <pre>\(escaped(text(coloured: false)))</pre>
            <p>\(escaped(host.map { "\($0.name) \($0.value)" }.joined(separator: ", ")))</p>
            </body></html>

            """
    }

    private var htmlTable: String {
        let heads = [
            "Phase", "Claim, users", "Measured, users", "Rate", "Saturated first", "One kill",
            "The next phase", "Does it remove this bottleneck?",
        ]
        let rows = rungs.map { rung -> [String] in
            [
                rung.name, rung.claim.map(Self.count) ?? "-",
                rung.result?.rate.map { Self.count(users(at: $0)) } ?? "-", rateText(rung),
                rung.bottleneck.map {
                    ($0.isSaturated ? "" : "none; nearest: ") + $0.finding.tier + ": "
                        + $0.finding.evidence
                } ?? "-", rung.kills.map(\.text).joined(separator: "; "),
                rung.next.joined(separator: "; "),
                steps.first { $0.from == rung.name }.map { "\($0.claim.rawValue): \($0.text)" }
                    ?? "",
            ]
        }
        let head = heads.map { "<th>\($0)</th>" }.joined()
        let body = rows.map { row in
            "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>"
        }
        return "<table><tr>\(head)</tr>\n\(body.joined(separator: "\n"))\n</table>"
    }

    private func escaped(_ text: String) -> String { XMLText.escaped(text) }
}

/// Two curves over the same phases.
struct LadderPlot {
    let names: [String]
    let claims: [Double?]
    let measured: [Double?]
    /// Of the measured points.
    let labels: [String]

    private let width = 760
    private let height = 420
    private let left = 90.0
    private let right = 700.0
    private let top = 40.0
    private let bottom = 350.0

    init(names: [String], claims: [Double?], measured: [Double?], labels: [String]) {
        self.names = names
        self.claims = claims
        self.measured = measured
        self.labels = labels
    }

    var svg: String {
        let parts =
            grid + [curve(claims, "#8b949e", dash: "6 5"), curve(measured, "#0969da", dash: "")]
            + points + legend
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" \
            font-family="system-ui, sans-serif" font-size="13" role="img" \
            aria-label="users by phase, claimed and measured">
            <rect width="\(width)" height="\(height)" fill="#ffffff"/>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }

    /// Powers of ten at and above the greatest value.
    private var decades: Int {
        let most = (claims + measured).compactMap { $0 }.max() ?? 1
        return max(1, Int(LadderReport.log10(max(1, most)).rounded(.up)))
    }

    private func x(_ index: Int) -> Double {
        let steps = Double(max(1, names.count - 1))
        return names.count == 1 ? (left + right) / 2 : left + (right - left) * Double(index) / steps
    }

    /// Below one user lies nothing.
    private func y(_ users: Double) -> Double {
        bottom - (bottom - top) * LadderReport.log10(max(1, users)) / Double(decades)
    }

    private func number(_ value: Double) -> String {
        Quantity.fraction(Int64((value * 10).rounded()), places: 1)
    }

    private var grid: [String] {
        let lines = (0...decades).map { decade -> String in
            let users = (0..<decade).reduce(1) { power, _ in power * 10 }
            let height = number(y(Double(users)))
            return "<line x1=\"\(number(left))\" x2=\"\(number(right))\" y1=\"\(height)\" "
                + "y2=\"\(height)\" stroke=\"#d8dee4\"/><text x=\"\(number(left - 8))\" "
                + "y=\"\(height)\" text-anchor=\"end\" dominant-baseline=\"middle\">"
                + "\(LadderReport.count(users))</text>"
        }
        return lines
            + names.enumerated().map { index, name in
                "<text x=\"\(number(x(index)))\" y=\"\(number(bottom + 22))\" "
                    + "text-anchor=\"middle\">\(XMLText.escaped(name))</text>"
            }
    }

    private func curve(_ values: [Double?], _ colour: String, dash: String) -> String {
        let points = values.enumerated().compactMap { index, value in
            value.map { "\(number(x(index))),\(number(y($0)))" }
        }
        return "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" "
            + "stroke=\"\(colour)\" stroke-width=\"2\" stroke-dasharray=\"\(dash)\"/>"
    }

    private var points: [String] {
        measured.enumerated().compactMap { index, value in
            guard let value else { return nil }
            let (x, y) = (x(index), y(value))
            return "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4\" fill=\"#0969da\"/>"
                + "<text x=\"\(number(x))\" y=\"\(number(y + 20))\" text-anchor=\"middle\" "
                + "fill=\"#0969da\">\(XMLText.escaped(labels[index]))</text>"
        }
    }

    private var legend: [String] {
        [
            "<text x=\"\(number(left))\" y=\"20\" fill=\"#57606a\">users (logarithmic): dashed, the "
                + "article's claim; blue, measured here</text>"
        ]
    }
}
