// `faultline validate`, `schema` and `plan`: everything that needs no stack.

import Conductor
import Experiment
import Linux
import Wire

struct ValidateCommand {
    private let files: [String]

    init(_ rest: ArraySlice<String>) throws {
        files = try Arguments(rest).words
        if files.isEmpty { throw UsageError("expected files; see faultline validate --help") }
    }

    func perform() throws -> Int32 {
        var problems: [Diagnostic] = []
        for file in files {
            do throws(InvalidExperiment) {
                let document = try ExperimentLoader.document(path: file)
                Output.write("\(file): ok (\(document.name))\n", to: 2)
            } catch {
                problems += error.diagnostics
            }
        }
        if !problems.isEmpty { throw InvalidExperiment(problems) }
        return ExitCode.held
    }
}

struct SchemaCommand {
    init(_ rest: ArraySlice<String>) throws { _ = try Arguments(rest) }

    func perform() throws -> Int32 {
        Output.write(ExperimentSchema.jsonSchema.text(.indented) + "\n", to: 1)
        return ExitCode.held
    }
}

struct PlanCommand {
    private let file: String

    init(_ rest: ArraySlice<String>) throws {
        file = try Arguments(rest).onlyWord("experiment file")
    }

    func perform() throws -> Int32 {
        let plan = try ExperimentLoader.load(path: file)
        Output.write(DryRun(plan).text, to: 1)
        return ExitCode.held
    }
}
