// What a cache is told: how much it may hold.

import Linux
import Wire

package struct CacheSettings: Equatable, Sendable {
    /// In bytes; past it the least recently used keys go.
    package var memoryLimit: Int

    package init(memoryLimit: Int) { self.memoryLimit = memoryLimit }
}

extension CacheSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow(["memoryLimit"])
        self.init(memoryLimit: try members.integer("memoryLimit", from: 1))
    }

    var json: JSON { ["memoryLimit": memoryLimit.json] }
}
