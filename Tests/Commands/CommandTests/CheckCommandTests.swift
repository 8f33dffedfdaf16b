// `faultline check` as a user runs it: the exit code follows the contract, and a mistake in the file
// is named with its place.

import Testing

@Suite(.timeLimit(.minutes(1)))
struct CheckCommandTests {
    private static let written = """
        {:process 0, :type :invoke, :f :write, :value 1}
        {:process 0, :type :ok, :f :write, :value 1}
        {:process 1, :type :invoke, :f :read, :value nil}

        """

    private func check(
        _ history: String, _ flags: String...
    ) async throws -> (code: Int32, errors: String) {
        let folder = try ScratchFolder()
        let file = try folder.write("history.edn", history)
        let program = try Program(["check"] + flags + [file])
        return (await program.wait(), program.errorText)
    }

    @Test(arguments: [
        (":ok, :f :read, :value 1", Int32(0)), (":ok, :f :read, :value 2", 1),
        (":info, :f :read, :value nil", 0),
    ])
    func `the exit code says whether the history holds`(
        end: String, code: Int32
    ) async throws {
        let history = Self.written + "{:process 1, :type \(end)}"
        #expect(try await check(history, "--model=cas-register").code == code)
    }

    @Test func `a history in which nothing was answered is inconclusive`() async throws {
        let history = "{:process 0, :type :invoke, :f :write, :value 1}"
        #expect(try await check(history, "--model=cas-register").code == 2)
    }

    @Test func `a broken file is refused with its place`() async throws {
        let result = try await check(Self.written + "{:process 1, :type", "--model=cas-register")
        #expect(result.code == 3)
        #expect(result.errors.contains("history.edn:4:"), "\(result.errors)")
    }

    @Test func `a model that there is not, or none, is refused with the list`() async throws {
        for flags in [["--model=stack"], []] {
            let folder = try ScratchFolder()
            let file = try folder.write("history.edn", Self.written)
            let program = try Program(["check"] + flags + [file])
            #expect(await program.wait() == 3)
            #expect(program.errorText.contains("list-append"), "\(program.errorText)")
        }
    }
}
