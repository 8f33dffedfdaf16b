// The numbers of a tier's own status, flattened to names. Pure.

import Telemetry
import Wire

struct StatusFigure: Equatable {
    var name: String
    var value: Double

    /// Past this many a status page is cut: a page must not grow with what clients made up.
    private static let countMax = 500

    /// Of the text of INFO.
    static func figures(ofInfo text: String) -> [StatusFigure] {
        var figures: [StatusFigure] = []
        for field in InfoReading.fields(of: text) { add(field.name, field.value, to: &figures) }
        return figures
    }

    /// Members that are numbers or true and false, with the path to them; an array's elements go by
    /// their `name`, or by their place.
    static func figures(of json: JSON, under path: String = "") -> [StatusFigure] {
        if let object = json.object {
            return Array(
                object.flatMap { figures(of: $0.1, under: join(path, $0.0)) }.prefix(countMax))
        }
        if let array = json.array {
            let all = array.enumerated().flatMap { place, element in
                figures(of: element, under: join(path, element["name"]?.string ?? "\(place)"))
            }
            return Array(all.prefix(countMax))
        }
        if let flag = json.bool { return [StatusFigure(name: path, value: flag ? 1 : 0)] }
        return json.double.map { [StatusFigure(name: path, value: $0)] } ?? []
    }

    private static func add(
        _ name: String, _ text: Substring, to figures: inout [StatusFigure]
    ) {
        guard figures.count < countMax else { return }
        if let value = Double(text) {
            figures.append(StatusFigure(name: name, value: value))
        } else if ["leader", "master"].contains(text) {
            figures.append(StatusFigure(name: "\(name)_is_\(text)", value: 1))
        } else if text == "true" || text == "false" {
            figures.append(StatusFigure(name: name, value: text == "true" ? 1 : 0))
        }
    }

    private static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path)_\(name)"
    }
}
