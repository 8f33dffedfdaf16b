// Reads targets. The grammar of a selection of nodes, in EBNF:
//
//     selection = [ amount "of" ] ( path | "region" name ) ;
//     amount    = "one" | digits | number "%" | "minority" | "majority" ;
//     path      = name [ "." group digits ] [ "." ( "leader" | "followers" ) ] ;
//     group     = "shard-" | "partition-" ;
//
// Links are mappings of selections: {isolate: S}, {split: [S, S]}, {from: S, to: S} and
// {between: [S, S]}.

extension NodeSelection {
    /// Reads `2 of app` or `store.shard-1.leader`.
    init(parsing text: String) throws(ValueError) {
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        let offset = { (word: Substring) in
            text.utf8.distance(from: text.startIndex, to: word.startIndex)
        }
        switch words.count {
        case 1:
            self.init(.all, of: try Scope(parsing: words[0], offset: offset(words[0])))
        case 2 where words[0] == "region":
            self.init(.all, of: Scope(region: String(words[1])))
        case 4 where words[1] == "of" && words[2] == "region":
            self.init(
                try Amount(parsing: words[0], offset: offset(words[0])),
                of: Scope(region: String(words[3])))
        case 3 where words[1] == "of":
            self.init(
                try Amount(parsing: words[0], offset: offset(words[0])),
                of: try Scope(parsing: words[2], offset: offset(words[2])))
        default:
            throw ValueError(
                "\"\(text)\" is not a target such as app-2, one of app, store.shard-1.leader or "
                    + "region eu")
        }
    }
}

extension NodeSelection.Amount {
    fileprivate init(parsing word: Substring, offset: Int) throws(ValueError) {
        switch word {
        case "one": self = .count(1)
        case "minority": self = .minority
        case "majority": self = .majority
        case _ where word.hasSuffix("%"):
            guard let number = Quantity.decimal(word.dropLast()), number > 0, number <= 100 else {
                throw ValueError("\(word) is not above 0% and up to 100%", offset: offset)
            }
            self = .share(number / 100)
        case _ where word.first?.isASCIIDigit == true:
            guard let count = Int(word), count > 0 else {
                throw ValueError("\"\(word)\" is not a number of nodes", offset: offset)
            }
            self = .count(count)
        default:
            let valid = ["one", "minority", "majority"]
            let nearest = NearestWord.find(String(word), among: valid)
            throw ValueError(
                "unknown amount \"\(word)\"; write one, 2, 50%, minority or majority",
                suggestion: nearest, offset: offset)
        }
    }
}

extension NodeSelection.Scope {
    fileprivate init(parsing path: Substring, offset: Int) throws(ValueError) {
        var parts = path.split(separator: ".", omittingEmptySubsequences: false)[...]
        guard let name = parts.popFirst(), !name.isEmpty else {
            throw ValueError("a target begins with the name of a tier or node", offset: offset)
        }
        self.init(String(name))
        if let word = parts.first {
            let place = offset + path.utf8.distance(from: path.startIndex, to: word.startIndex)
            shard = try Self.number(in: word, of: "shard", at: place)
            partition = try Self.number(in: word, of: "partition", at: place)
            if shard != nil || partition != nil { parts = parts.dropFirst() }
        }
        guard let word = parts.popFirst() else { return }
        let wordOffset = offset + path.utf8.distance(from: path.startIndex, to: word.startIndex)
        switch word {
        case "leader": role = .leader
        case "followers": role = .follower
        default:
            let valid = ["leader", "followers", "shard-1", "partition-1"]
            throw ValueError(
                "unknown part \"\(word)\" of a target; a path ends in leader or followers",
                suggestion: NearestWord.find(String(word), among: valid), offset: wordOffset)
        }
        if let extra = parts.first {
            throw ValueError(
                "nothing can follow \"\(word)\", but \"\(extra)\" does",
                offset: wordOffset + word.utf8.count + 1)
        }
    }

    /// The number of `shard-2`; nil for another word.
    private static func number(
        in word: Substring, of noun: String, at offset: Int
    ) throws(ValueError) -> Int? {
        guard word.hasPrefix(noun + "-") else { return nil }
        guard let number = Int(word.dropFirst(noun.utf8.count + 1)), number > 0 else {
            throw ValueError("\"\(word)\" is not a \(noun) such as \(noun)-1", offset: offset)
        }
        return number
    }
}

/// Reads and checks the target of one step, against the topology that it will run on.
struct TargetReader {
    let topology: Topology
    let log: DiagnosticLog

    /// Nil, and reported, when the value is no target of the topology.
    func target(_ node: YAMLNode) -> Target? {
        switch node.content {
        case .scalar: selection(node).map(Target.nodes)
        case .mapping: links(node).map(Target.links)
        case .sequence, .rejected: misplaced(node)
        }
    }

    private func misplaced(_ node: YAMLNode) -> Target? {
        if case .sequence = node.content {
            log.error("a target is one selection, not a list; name a tier", at: node.location)
        }
        return nil
    }

    private func selection(_ node: YAMLNode) -> NodeSelection? {
        let read: Checked.Reader<NodeSelection> = { text throws(ValueError) in
            try NodeSelection(parsing: text)
        }
        guard let selection = node.scalar("the target", log, read),
            TargetCheck(topology: topology, log: log).check(selection, at: node)
        else { return nil }
        return selection
    }

    private func links(_ node: YAMLNode) -> LinkSelection? {
        guard var fields = Fields(node, "a link target", log) else { return nil }
        defer { fields.finish() }
        let isolate = fields.take("isolate")
        let split = fields.take("split")
        let (from, to) = (fields.take("from"), fields.take("to"))
        let between = fields.take("between")
        let forms = [isolate, split, from ?? to, between].compactMap { $0 }
        guard forms.count == 1 else {
            log.error(
                "a link target is one of {isolate: A}, {split: [A, B]}, {from: A, to: B} and "
                    + "{between: [A, B]}", at: node.location)
            return nil
        }
        if let isolate { return selection(isolate).map(LinkSelection.isolate) }
        if let split { return sides(split, "split", 2...8).map(LinkSelection.split) }
        if let between {
            return sides(between, "between", 2...2).map { .between($0[0], $0[1]) }
        }
        guard let from, let to else {
            log.error("{from: A, to: B} needs both ends", at: node.location)
            return nil
        }
        guard let source = selection(from), let sink = selection(to) else { return nil }
        return .oneWay(from: source, to: sink)
    }

    private func sides(
        _ node: YAMLNode, _ key: String, _ counts: ClosedRange<Int>
    ) -> [NodeSelection]? {
        guard let items = node.items("\"\(key)\"", log) else { return nil }
        guard counts.contains(items.count) else {
            let wanted = counts.count == 1 ? "exactly 2" : "2 or more"
            log.error(
                "\"\(key)\" takes \(wanted) selections, not \(items.count)", at: node.location)
            return nil
        }
        let selections = items.compactMap(selection)
        return selections.count == items.count ? selections : nil
    }
}
