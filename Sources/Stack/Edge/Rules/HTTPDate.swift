// Dates as HTTP writes them (RFC 9110 section 5.6.7), read with the leniency that RFC 9111 section
// 4.2 asks of a cache: case does not matter, UTC is as good as GMT, other zones are invalid.
//
//     Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate, the one that is written
//     Sunday, 06-Nov-94 08:49:37 GMT    RFC 850, two-digit years
//     Sun Nov  6 08:49:37 1994          asctime
//
// The text is taken as a bag of words, told apart by their form, so that a missing comma or a second
// space does not turn a date with one possible meaning into "expired long ago".

package enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    /// Seconds since 1970; nil when the text has no meaning as a date in GMT.
    ///
    /// `now` settles the century of a two-digit year: it is never more than 50 years ahead.
    package static func parse(_ text: String, now: Int64) -> Int64? {
        var parts = DateParts()
        for word in text.split(whereSeparator: { " ,-\t".contains($0) }) {
            guard take(word, into: &parts) else { return nil }
        }
        return parts.seconds(now: now)
    }

    /// IMF-fixdate, as `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func format(_ seconds: Int64) -> String {
        let days = Int(floored: seconds, by: 86_400)
        let rest = Int(seconds) - days * 86_400
        let (year, month, day) = Calendar.civil(ofDay: days)
        let weekday = weekdays[((days + 3) % 7 + 7) % 7]
        let time = [rest / 3600, rest / 60 % 60, rest % 60].map { padded($0, 2) }
        return "\(capitalised(weekday)), \(padded(day, 2)) \(capitalised(months[month - 1])) "
            + "\(padded(year, 4)) \(time.joined(separator: ":")) GMT"
    }

    private static func take(_ word: Substring, into parts: inout DateParts) -> Bool {
        if word.contains(":") { return parts.takeTime(word) }
        if word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return parts.takeNumber(word) }
        let lowered = word.lowercased()
        if lowered == "gmt" || lowered == "utc" { return parts.takeZone() }
        if let month = months.firstIndex(of: lowered) { return parts.takeMonth(month + 1) }
        return weekdays.contains(String(lowered.prefix(3)))
    }

    private static func capitalised(_ word: String) -> String {
        word.prefix(1).uppercased() + word.dropFirst()
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// What the words of a date have said so far.
private struct DateParts {
    private var day: Int?
    private var month: Int?
    private var year: (value: Int, digits: Int)?
    private var secondOfDay: Int?
    private var hasZone = false
    /// asctime puts the month before the day, and has no zone.
    private var isMonthFirst = false

    mutating func takeNumber(_ word: Substring) -> Bool {
        guard word.utf8.count <= 4, let value = Int(word) else { return false }
        if day == nil {
            day = value
        } else if year == nil {
            year = (value, word.utf8.count)
        } else {
            return false
        }
        return true
    }

    mutating func takeMonth(_ value: Int) -> Bool {
        guard month == nil else { return false }
        isMonthFirst = day == nil
        month = value
        return true
    }

    mutating func takeTime(_ word: Substring) -> Bool {
        let fields = word.split(separator: ":", omittingEmptySubsequences: false)
        guard secondOfDay == nil, fields.count == 3 else { return false }
        let values = fields.compactMap { $0.utf8.count <= 2 ? Int($0) : nil }
        guard values.count == 3, (0..<24).contains(values[0]), (0..<60).contains(values[1]),
            (0...60).contains(values[2])
        else { return false }
        secondOfDay = values[0] * 3600 + values[1] * 60 + values[2]
        return true
    }

    mutating func takeZone() -> Bool {
        defer { hasZone = true }
        return !hasZone
    }

    func seconds(now: Int64) -> Int64? {
        guard let day, let month, let secondOfDay, hasZone || isMonthFirst,
            let year = fullYear(now: now), (1601...9999).contains(year),
            (1...Calendar.days(in: month, of: year)).contains(day)
        else { return nil }
        return Int64(Calendar.day(ofCivil: year, month, day)) * 86_400 + Int64(secondOfDay)
    }

    private func fullYear(now: Int64) -> Int? {
        guard let year, year.digits == 4 || year.digits == 2 else { return nil }
        if year.digits == 4 { return year.value }
        let current = Calendar.civil(ofDay: Int(floored: now, by: 86_400)).year
        let full = current / 100 * 100 + year.value
        return full > current + 50 ? full - 100 : full
    }
}

/// The proleptic Gregorian calendar, by Howard Hinnant's days_from_civil and civil_from_days.
private enum Calendar {
    static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// Days since 1970-01-01.
    static func day(ofCivil year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = Int(floored: Int64(shifted), by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func civil(ofDay days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = Int(floored: Int64(shifted), by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Int {
    /// The quotient rounded down, also below zero.
    fileprivate init(floored value: Int64, by divisor: Int64) {
        let quotient = value / divisor
        self = Int(value % divisor < 0 ? quotient - 1 : quotient)
    }
}
