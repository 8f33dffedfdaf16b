// Benchmarks of the product as it is installed: the figures of the README, measured again on
// whatever machine this runs on. Nothing is judged, since absolute times say more about the machine
// than about the code; what is compared runs in turns, so that a slow minute hits both sides.
//
//     faultline-bench start|web|edge|balancer|backend-kill|dns|generator|faults|store|queue|cache|
//                     failover|leader-kill|restart|all
//                     [--repetitions=N] [--programs=FOLDER] [--topology=FILE]
//
// Tables go to standard output as Markdown, progress to standard error. Every program that is
// started ends by itself within seconds or with its sandbox.

import Linux

let usage = """
    usage: faultline-bench COMMAND [--repetitions=N] [--programs=FOLDER] [--topology=FILE]

      start      from the command to the first request sent
      web        requests a second through balancer, app and cache (needs wrk)
      edge       hits of the edge against nginx and Varnish (needs wrk, nginx, varnish)
      balancer   the balancer against HAProxy and nginx (needs wrk, haproxy, nginx-light)
      backend-kill
                 requests that fail when a backend is killed under 5,000 a second, beside HAProxy
                 and nginx (needs haproxy, nginx-light)
      dns        queries a second of the DNS server against knot (needs dnsperf and knot)
      generator  highest rate of the load generator against wrk on one server (needs wrk)
      faults     how long faults take to inject and to heal
      store      writes and linearizable reads of the store against etcd (needs etcd-server)
      queue      messages through the queue against RabbitMQ (needs rabbitmq-server)
      cache      commands a second of the cache against redis-server (needs redis-tools)
      failover   time without writes when the leader is killed, against etcd (needs etcd-server)
      leader-kill
                 the same through `faultline run`, ours alone
      restart    time until a killed replica that holds 1 GiB serves again
      all        one after the other

      --repetitions=N    how often each is measured, 1 to 100; by default 5, for
                         generator 3, for backend-kill, failover and leader-kill 20
      --programs=FOLDER  where faultline and faultline-node are; by default beside this program
      --topology=FILE    the stack of start and faults; by default
                         fixtures/topologies/web-stack.yaml

    """

func bench(_ command: String, _ options: BenchOptions) throws -> Int32 {
    switch command {
    case "start": return try StartBench(options).perform()
    case "web": return try WebBench(options).perform()
    case "edge": return try EdgeBench(options).perform()
    case "balancer": return try BalancerBench(options).perform()
    case "backend-kill": return try BackendKillBench(options).perform()
    case "dns": return try DNSBench(options).perform()
    case "generator": return try GeneratorBench(options).perform()
    case "faults": return try FaultsBench(options).perform()
    case "store": return try StoreBench(options).perform()
    case "queue": return try QueueBench(options).perform()
    case "cache": return try CacheBench(options).perform()
    case "failover": return try FailoverBench(options).perform()
    case "leader-kill": return try LeaderKillBench(options).perform()
    case "restart": return try RestartBench(options).perform()
    case "all":
        // One process each: a sandbox is entered once and for good.
        let own = try CurrentProcess.executablePath()
        for command in [
            "start", "web", "edge", "balancer", "backend-kill", "dns", "generator", "faults",
            "store", "queue", "cache", "failover", "leader-kill", "restart",
        ] {
            let run = try ToolRun.of([own, command] + options.flags, limit: .seconds(600)) { line in
                Output.write(line.text + "\n", to: 1)
            }
            if run.status != .exited(0) { throw BenchError("\(command): \(run.status)") }
        }
        return 0
    default: throw BenchUsage("unknown command \"\(command)\"")
    }
}

func perform(_ arguments: [String]) -> Int32 {
    do {
        guard arguments.count > 1 else { throw BenchUsage("expected a command") }
        if ["help", "--help"].contains(arguments[1]) {
            Output.write(usage, to: 1)
            return 0
        }
        if arguments[1] == SlowOrigin.name {
            return try SlowOrigin(arguments.dropFirst(2)).perform()
        }
        return try bench(arguments[1], BenchOptions(arguments.dropFirst(2)))
    } catch let error as BenchUsage {
        Output.write("faultline-bench: \(error)\n\(usage)", to: 2)
        return 3
    } catch let error as BenchLack {
        Output.write("faultline-bench: \(error)\n", to: 2)
        return 4
    } catch {
        Output.write("faultline-bench: \(error)\n", to: 2)
        return 5
    }
}

CurrentProcess.exit(perform(CommandLine.arguments))
