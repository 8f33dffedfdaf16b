// The command line of faultline. Each command is a file of its own beside this one.
//
// Commands that need a sandbox run twice: the outer process checks everything that can be checked
// and starts itself again inside, where the work is done.

import Linux
import Testbed

func dispatch(_ arguments: [String]) throws -> Int32 {
    guard arguments.count > 1 else {
        Output.write(Help.overview, to: 2)
        return ExitCode.usage
    }
    let rest = arguments.dropFirst(2)
    let command = arguments[1]
    if ["help", "--help", "-h"].contains(command) {
        Output.write(rest.first.flatMap { Help.commands[$0] } ?? Help.overview, to: 1)
        return ExitCode.held
    }
    if rest.contains("--help"), let help = Help.commands[command] {
        Output.write(help, to: 1)
        return ExitCode.held
    }
    switch command {
    case "run": return try RunCommand(rest).perform()
    case "replay": return try ReplayCommand(rest).perform()
    case "stack": return try StackCommand(rest).perform()
    case "ladder": return try LadderCommand(rest).perform()
    case "load": return try LoadCommand(rest).perform()
    case "load-agent": return try LoadAgentCommand(rest).perform()
    case "check": return try CheckCommand(rest).perform()
    case "validate": return try ValidateCommand(rest).perform()
    case "schema": return try SchemaCommand(rest).perform()
    case "plan": return try PlanCommand(rest).perform()
    case "doctor": return try DoctorCommand(rest).perform()
    case "calibrate": return try CalibrateCommand(rest).perform()
    default:
        throw UsageError("unknown command \"\(command)\"; `faultline help` lists them")
    }
}

CurrentProcess.exit(ExitCode.of { try dispatch(CommandLine.arguments) })
