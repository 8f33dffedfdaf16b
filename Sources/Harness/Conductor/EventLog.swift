// The timeline of a run as it happens: every event is kept, written to timeline.jsonl at once, and
// shown to whoever watches.

package import History
package import Linux
package import Reactor

/// Collects the events of one run.
@ReactorActor
package final class EventLog {
    package let epoch: RunEpoch
    package private(set) var events: [TimelineEvent] = []
    private let file: FileDescriptor
    private let show: @ReactorActor (TimelineEvent) -> Void

    package init(
        path: String, epoch: RunEpoch, show: @escaping @ReactorActor (TimelineEvent) -> Void
    ) throws(SyscallError) {
        file = try File.open(path, [.writeOnly, .create, .append])
        self.epoch = epoch
        self.show = show
    }

    package var now: Int64 { epoch.offset(of: .now()) }

    /// Writes one event; a full disk must not stop a heal, so a failed write is noted and no more.
    package func add(_ event: TimelineEvent) {
        events.append(event)
        var bytes: [UInt8] = []
        event.append(to: &bytes, epoch: epoch)
        do {
            try File.write(file, bytes.span)
        } catch {
            writeFailure = error
        }
        show(event)
    }

    package private(set) var writeFailure: SyscallError?
}
