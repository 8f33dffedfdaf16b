// A tier's own status as metrics: every number by its name, whatever its form.

import Testing
import Wire

@testable import faultline_node

struct StatusFigureTests {
    private func names(_ figures: [StatusFigure]) -> [String] { figures.map(\.name) }

    @Test func `lines of INFO become figures, and words that are no numbers do not`() {
        let text = """
            # Stats\r
            keyspace_hits:12\r
            role:leader\r
            redis_version:7.0.15\r
            db0:keys=3,expires=0\r
            group_orders_workers_1:lag=5,oldest_age_ms=20\r
            broken\r

            """
        let figures = StatusFigure.figures(ofInfo: text)
        #expect(
            names(figures) == [
                "keyspace_hits", "role_is_leader", "db0_keys", "db0_expires",
                "group_orders_workers_1_lag", "group_orders_workers_1_oldest_age_ms",
            ])
        #expect(figures.map(\.value) == [12, 1, 3, 0, 5, 20])
    }

    @Test func `JSON is flattened, elements by their names`() {
        let json: JSON = [
            "retries": 2, "draining": false, "word": "x", "nothing": nil,
            "backends": [["name": "app-1", "inFlight": 3], ["inFlight": 4]],
        ]
        let figures = StatusFigure.figures(of: json)
        #expect(
            names(figures) == [
                "retries", "draining", "backends_app-1_inFlight", "backends_1_inFlight",
            ])
        #expect(figures.map(\.value) == [2, 0, 3, 4])
    }

    @Test func `a page is bounded`() {
        let lines = (0..<2000).map { "line_\($0):1" }.joined(separator: "\r\n")
        #expect(StatusFigure.figures(ofInfo: lines).count == 500)
        let json = JSON.array((0..<2000).map { .integer($0) })
        #expect(StatusFigure.figures(of: json).count == 500)
    }
}
