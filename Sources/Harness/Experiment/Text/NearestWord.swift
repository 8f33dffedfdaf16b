// The word that a person probably meant. A wrong key in an experiment is nearly always a slip of
// one or two letters, and naming the right one saves a look into the manual.

enum NearestWord {
    /// The closest candidate, or nil when none is close enough to be more than a coincidence.
    static func find(_ word: String, among candidates: [String]) -> String? {
        // A third of the letters, but never all of them.
        let limit = min(max(1, min(3, word.count / 3)), word.count - 1)
        let ranked = candidates.map { (distance: distance(word, $0), word: $0) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance > 0 else {
            return nil
        }
        return best.distance <= limit ? best.word : nil
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other.
    ///
    /// The optimal string alignment form of the Damerau-Levenshtein distance: no part of the word
    /// is edited twice, which is all that slips of the finger need.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.lowercased().unicodeScalars)
        let right = Array(right.lowercased().unicodeScalars)
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                var best = min(
                    last[column + 1] + 1, current[column] + 1,
                    last[column] + (left[row] == right[column] ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
