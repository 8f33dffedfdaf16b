// What each command is for, with an example that works.

enum Help {
    static let overview = """
        faultline: breaks a web stack on purpose and judges whether it recovers

        usage: faultline COMMAND [FLAGS] [FILES]

          run FILE...            run experiments; the main job and the CI gate
          replay INCIDENT        repeat a recorded run
          ladder [TOPOLOGY...]   the same users and faults against each phase: how far it goes
          stack up TOPOLOGY      start a stack and keep it up until Ctrl-C
          load                   the load generator alone, against a URL
          check FILE...          judge recorded histories: linearizability, isolation, sets, queues
          validate FILE...       check files, nothing started
          schema                 print the JSON Schema of the files
          plan FILE              print what a run would do
          doctor                 what this host can do, and what mends it
          calibrate              how exact faults are on this host

        `faultline COMMAND --help` tells more. Exit codes: 0 every objective held; 1 an objective
        failed; 2 inconclusive or invalid; 3 usage or a bad file; 4 the host lacks something;
        5 the harness failed; 130, 143 interrupted, after healing.

        """

    static let commands: [String: String] = [
        "run": """
        usage: faultline run [--json] [--quiet] [--seed=N] [--runs=FOLDER] FILE...

        Starts each experiment's stack in a sandbox of its own, drives load at it, injects the
        faults, judges the objectives, and removes everything. Files of the run go to
        .faultline/runs/NAME/TIME/, with a link `latest`.

          --json         the verdict as JSON on standard output
          --quiet        no progress, only the verdict
          --seed=N       another seed than the file's
          --runs=FOLDER  another place for the runs

        example: faultline run experiments/store-leader-kill.yaml

        """,
        "replay": """
        usage: faultline replay [--json] [--quiet] [--runs=FOLDER] INCIDENT

        Runs a recorded incident again: the same topology, the same arrivals, each fault at the
        time at which it was recorded, on the role that it was aimed at. Prints how far each
        event drifted from the recording.

        example: faultline replay .faultline/runs/store-leader-kill/latest/incident.yaml

        """,
        "stack": """
        usage: faultline stack up [--quiet] TOPOLOGY

        Starts a stack and keeps it up until Ctrl-C. One node a tier is forwarded to a port of
        127.0.0.1, which is printed, so that curl and redis-cli reach it.

        example: faultline stack up fixtures/topologies/web-stack.yaml

        """,
        "ladder": """
        usage: faultline ladder [--objective=LIST] [--budget=BUDGET | --no-budget] [--quick]
                                [--journeys=MIX] [--users=N] [--start=RATE] [--think=TIME]
                                [--seed=N] [--ladders=FOLDER] [--json] [--quiet] [TOPOLOGY...]

        Climbs fixtures/topologies/phase-1.yaml to phase-5.yaml, or the topologies named. For each:
        searches the highest rate at which the objectives hold, says which tier saturated first and
        by what, kills the weakest member, an app and a store at half of that rate, and tells what
        the next phase changes, and whether that removes what was first to saturate. Prints the
        article's claim beside it; ladder.html, .svg and .json go to .faultline/ladders/TIME/, with
        a link `latest`.

          --objective=LIST   default "availability >= 99%, p99 < 250ms"
          --budget=BUDGET    for each node of a tier that has none, default cpu:5%,memory:256MiB:
                             a share of one core, held by cgroup, so that phases compare
          --no-budget        nodes take what they get
          --quick            coarse and short: two phases, few trials, one kill
          --journeys=MIX     the same for all, default
                             static:40%,browse:45%,profile:5%,post:8%,checkout:2%
          --users=N          how many different users there are, default 1000
          --start=RATE       the first rate tried, default 100/s
          --think=TIME       from one request of a user to the next, default 10s: rates as users
          --seed=N, --ladders=FOLDER, --json, --quiet

        Exit codes: 0 every phase measured; 1 a phase holds at no rate, or lost acknowledged writes;
        2 a phase could not be measured, or the generator was the limit; 4 no cgroups for budgets.

        example: faultline ladder --quick fixtures/topologies/web-stack.yaml

        """,
        "load": """
        usage: faultline load --url=URL --rate=RATE --duration=TIME [--arrivals=even|poisson]
                              [--connections=N] [--timeout=TIME] [--seed=N] [--json]

        Sends GET requests in an open model: each is planned ahead and its latency counts from
        the planned time. Exit code 2 when the generator itself could not keep up.

        example: faultline load --url=http://127.0.0.1:8080/ --rate=2000/s --duration=10s

        """,
        "check": """
        usage: faultline check --model=MODEL [--limit=SECONDS] [--level=LEVEL] [--total=N]
                               [--negative-balances] FILE...

        Judges recorded histories: Jepsen's EDN, the same fields as lines of JSON, or the log
        lines of the etcd histories. Exit code 0 when each holds, 1 when one is broken, 2 when
        one cannot be decided, 3 when a file is no history.

          cas-register, register  read, write, cas: linearizable, each :key alone
          kv                      get, put, append of texts: linearizable, each :key alone
          list-append             transactions of [:append k v] and [:r k vs]: no anomaly that
                                  LEVEL forbids: read-uncommitted, read-committed,
                                  snapshot-isolation, serializable (default),
                                  strict-serializable
          set                     add, read: nothing lost, stale, doubled or invented
          bank                    read of all balances: they add up to N, or to the first read
          queue                   enqueue, dequeue, drain: nothing lost or doubled

          --limit=SECONDS         give up on a search after that; by default 60

        example: faultline check --model=cas-register history.edn
                 faultline check --model=list-append --level=snapshot-isolation history.edn

        """,
        "validate": """
        usage: faultline validate FILE...

        Reads experiments, topologies and incidents and prints every problem with its place.
        Nothing is started.

        example: faultline validate experiments/*.yaml

        """,
        "schema": """
        usage: faultline schema

        Prints the JSON Schema of experiment files, for editors.

        example: faultline schema > faultline.schema.json

        """,
        "plan": """
        usage: faultline plan FILE

        Prints what a run would do: nodes with their addresses, the phases, and each fault with
        its time and target. Nothing is started.

        example: faultline plan experiments/store-leader-kill.yaml

        """,
        "doctor": """
        usage: faultline doctor [--json]

        Tells what this host can do, and for what it cannot the one line that mends it.

        example: faultline doctor

        """,
        "calibrate": """
        usage: faultline calibrate [--json] [--samples=N]

        Measures the link emulator on this host: the error of a 50 ms delay, the path without a
        fault, and how long it takes to inject and heal, to block and unblock a direction, and to
        attach a node. Nothing is judged. 200 samples take about 15 seconds.

        example: faultline calibrate

        """,
    ]
}
