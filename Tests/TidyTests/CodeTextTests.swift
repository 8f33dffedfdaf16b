// The scanner that tells code from comments and strings.

import Testing

struct CodeTextTests {
    @Test(arguments: [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (#"f("g")"#, "f(   )"),
        (#"f("\"g")"#, "f(     )"),
        (#"f("a\(b("c"))d")"#, "f(    b(   )   )"),
        (##"f(#"a"b\n"#)"##, "f(         )"),
        ("x = \"\"\"\n  { \" }\n  \"\"\" }", "x =    \n       \n      }"),
        ("func `it's {`() {}", "func         () {}"),
        ("let open = \"a\nb", "let open =   \nb"),
    ])
    func `all but code is blank`(text: String, expected: String) {
        #expect(CodeText.blanked(text) == expected)
    }

    @Test func `lines stay where they are`() throws {
        for file in try SourceTree.swift(under: "Tests/TidyTests") {
            #expect(file.code.utf8.count == file.text.utf8.count)
            #expect(file.code.count { $0 == "\n" } == file.text.count { $0 == "\n" })
        }
    }

    @Test func `braces are even in every source`() throws {
        for file in try SourceTree.swift(under: "Sources") {
            let code = file.code
            #expect(code.count { $0 == "{" } == code.count { $0 == "}" }, "\(file)")
        }
    }
}
