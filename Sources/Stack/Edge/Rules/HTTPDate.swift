// Dates as HTTP writes them (RFC 9110 section 5.6.7):
//
//     Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate, the one that is written
//     Sunday, 06-Nov-94 08:49:37 GMT    RFC 850, two-digit years
//     Sun Nov  6 08:49:37 1994          asctime
//
// Case does not matter (RFC 9111 section 4.2). All else does: a date that is none of these is a time
// in the past (section 5.3), for an origin that cannot write it cannot be trusted to mean it.

package enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdays = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ]

    /// Seconds since 1970; nil when the text is in none of the three forms.
    ///
    /// `now` settles the century of a two-digit year: it is never more than 50 years ahead.
    package static func parse(_ text: String, now: Int64) -> Int64? {
        let words = text.lowercased().split(separator: " ", omittingEmptySubsequences: false)
        switch words.count {
        case 4: return rfc850(words, now: now)
        case 6 where words[0].hasSuffix(","): return fixdate(words)
        case 5, 6: return asctime(words)
        default: return nil
        }
    }

    private static func fixdate(_ words: [Substring]) -> Int64? {
        guard isWeekday(words[0].dropLast(), isShort: true), words[5] == "gmt",
            let year = number(words[3], digits: 4)
        else { return nil }
        return seconds(year, words[2], number(words[1], digits: 2), words[4])
    }

    private static func rfc850(_ words: [Substring], now: Int64) -> Int64? {
        let date = words[1].split(separator: "-", omittingEmptySubsequences: false)
        guard words[0].hasSuffix(","), isWeekday(words[0].dropLast(), isShort: false),
            words[3] == "gmt", date.count == 3, let ending = number(date[2], digits: 2)
        else { return nil }
        let current = Calendar.civil(ofDay: Int(floored: now, by: 86_400)).year
        let year = current / 100 * 100 + ending
        return seconds(
            year > current + 50 ? year - 100 : year, date[1], number(date[0], digits: 2), words[2])
    }

    /// A day of one digit stands behind a second space.
    private static func asctime(_ words: [Substring]) -> Int64? {
        let isPadded = words.count == 6
        guard isWeekday(words[0], isShort: true), !isPadded || words[2].isEmpty,
            let year = number(words[words.count - 1], digits: 4)
        else { return nil }
        let day = number(words[words.count - 3], digits: isPadded ? 1 : 2)
        return seconds(year, words[1], day, words[words.count - 2])
    }

    private static func seconds(
        _ year: Int, _ monthName: Substring, _ day: Int?, _ time: Substring
    ) -> Int64? {
        guard let index = months.firstIndex(of: String(monthName)), let day,
            let time = secondOfDay(time), year > 1600,
            (1...Calendar.days(in: index + 1, of: year)).contains(day)
        else { return nil }
        return Int64(Calendar.day(ofCivil: year, index + 1, day)) * 86_400 + Int64(time)
    }

    /// Leap seconds are seconds too.
    private static func secondOfDay(_ time: Substring) -> Int? {
        let fields = time.split(separator: ":", omittingEmptySubsequences: false)
        let values = fields.compactMap { number($0, digits: 2) }
        guard fields.count == 3, values.count == 3, values[0] < 24, values[1] < 60,
            values[2] <= 60
        else { return nil }
        return values[0] * 3600 + values[1] * 60 + values[2]
    }

    private static func isWeekday(_ word: Substring, isShort: Bool) -> Bool {
        weekdays.contains { isShort ? $0.prefix(3) == word : $0 == word }
    }

    private static func number(_ word: Substring, digits: Int) -> Int? {
        guard word.utf8.count == digits, word.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(word)
    }

    /// IMF-fixdate, as `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func format(_ seconds: Int64) -> String {
        let days = Int(floored: seconds, by: 86_400)
        let rest = Int(seconds) - days * 86_400
        let (year, month, day) = Calendar.civil(ofDay: days)
        let weekday = weekdays[((days + 3) % 7 + 7) % 7]
        let time = [rest / 3600, rest / 60 % 60, rest % 60].map { padded($0, 2) }
        return
            "\(capitalised(weekday.prefix(3))), \(padded(day, 2)) \(capitalised(months[month - 1])) "
            + "\(padded(year, 4)) \(time.joined(separator: ":")) GMT"
    }

    private static func capitalised(_ word: some StringProtocol) -> String {
        word.prefix(1).uppercased() + word.dropFirst()
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
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
