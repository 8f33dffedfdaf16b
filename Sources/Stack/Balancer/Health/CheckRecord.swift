// What the active checks say of one backend: out after `fall` bad ones in a row, in again after `rise`
// good ones (HAProxy's words). One check alone is chance, either way.

struct CheckRecord: Sendable {
    private(set) var isUp = true
    /// Good checks in a row, whatever the state.
    private(set) var passed = 0
    private var failed = 0

    /// True when this check moved the backend in or out.
    mutating func note(passed isGood: Bool, rise: Int, fall: Int) -> Bool {
        let before = isUp
        if isGood {
            failed = 0
            passed += 1
            if passed >= rise { isUp = true }
        } else {
            passed = 0
            failed += 1
            if failed >= fall { isUp = false }
        }
        return isUp != before
    }

    /// Good checks count anew from here.
    mutating func restart() { passed = 0 }
}
