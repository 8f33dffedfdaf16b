// Three balancers over the same three backends, each told to repeat what failed.

enum BackendKillRivals {
    private static let apps = (1...3).map { "{{address.of.app.\($0)}}:8080" }

    static func topology(node: String, own: String, haproxy: String, nginx: String) -> String {
        """
        apiVersion: faultline/v1
        kind: Topology
        name: bench-backend-kill
        entry: ours
        tiers:
          app:
            exec: ["\(own)", \(SlowOrigin.name), "{{address}}:{{port}}", "20"]
            count: 3
            port: 8080
            ready: {http: /}
        \(ours(node))
        \(theirs(haproxy))
        \(third(nginx))

        """
    }

    private static func ours(_ node: String) -> String {
        let backends = apps.enumerated().map { index, address in
            "{\"name\": \"app-\(index + 1)\", \"address\": \"\(address)\"}"
        }
        return """
              ours:
                exec: ["\(node)", balancer, "--blueprint={{files}}/blueprint.json"]
                port: 8080
                ready: {http: /}
                files:
                  blueprint.json: |
                    {"name": "ours", "listen": "{{address}}:{{port}}", "dataFolder": "/nowhere",
                     "seed": "1", "tier": "balancer", "settings": {"checkPath": "/",
                     "backends": [\(backends.joined(separator: ", "))]}}
            """
    }

    private static func theirs(_ haproxy: String) -> String {
        let servers = apps.enumerated().map { index, address in
            "          server app-\(index + 1) \(address) check inter 250 rise 2 fall 2"
        }
        return """
              haproxy:
                exec: ["\(haproxy)", -db, -f, "{{files}}/haproxy.cfg"]
                port: 8080
                ready: {http: /}
                files:
                  haproxy.cfg: |
                    global
                      nbthread 1
                      maxconn 8192
                    defaults
                      mode http
                      http-reuse always
                      balance leastconn
                      option httpchk GET /
                      option redispatch 1
                      retries 3
                      retry-on conn-failure empty-response response-timeout
                      timeout connect 200
                      timeout client 60s
                      timeout server 2s
                    frontend front
                      bind {{address}}:{{port}}
                      default_backend back
                    backend back
            \(servers.joined(separator: "\n"))
            """
    }

    private static func third(_ nginx: String) -> String {
        let servers = apps.map { "server \($0) max_fails=2 fail_timeout=1s;" }
        return """
              nginx:
                exec: ["\(nginx)", -p, "{{folder}}", -e, stderr, -c, "{{files}}/nginx.conf"]
                port: 8080
                ready: {http: /}
                files:
                  nginx.conf: |
            \(BalancerRivals.nginxHead(4))
                      upstream apps {
                        least_conn;
                        \(servers.joined(separator: " "))
                        keepalive 256;
                        keepalive_requests 1000000000;
                      }
                      server {
                        listen {{address}}:{{port}};
                        location / {
                          proxy_pass http://apps;
                          proxy_http_version 1.1;
                          proxy_set_header Connection "";
                          proxy_connect_timeout 200ms;
                          proxy_next_upstream error timeout;
                        }
                      }
                    }
            """
    }
}
