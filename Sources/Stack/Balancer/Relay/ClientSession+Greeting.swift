// The PROXY header in front of everything else, where the settings ask for one.

import Blueprint
import Linux
import Reactor

extension ClientSession {
    func takeGreeting() {
        while phase == .greeting {
            switch ProxyGreeting.read(inbound: stream) {
            case .header(let length, let named):
                stream.inbound.consume(length)
                if let named { setClient(named) }
                phase = .idle
                timer?.set(.now() + balancer.settings.intake.idleTimeout)
                return takeRequests()
            case .malformed:
                balancer.counters.malformed += 1
                return close()
            case .incomplete:
                switch stream.receive() {
                case .bytes: continue
                case .nothing: return
                case .end, .failed: return close()
                }
            }
        }
    }
}

extension ProxyGreeting {
    @ReactorActor
    fileprivate static func read(inbound stream: DuplexStream) -> Reading {
        stream.inbound.withSpan { read($0) }
    }
}
