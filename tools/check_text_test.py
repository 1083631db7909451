import tempfile
import unittest
from pathlib import Path

import check_text

ERROR_CC = """
    {Reason::kNotFound, "not_found", Code::kNotFound, 404, "There is no such thing"},
    {Reason::kInUse, "in_use", Code::kFailedPrecondition, 409, "It is still in use"},
"""
ERRORS_MD = """# Errors

| code | HTTP | gRPC |
| --- | --- | --- |
| <a id="not_found"></a>`not_found` | 404 | NOT_FOUND |
| <a id="in_use"></a>`in_use` | 409 | `FAILED_PRECONDITION` |
"""


class CheckText(unittest.TestCase):
    def violations(self, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode("utf-8"))
            return check_text.Checker(root).run()

    def assert_found(self, files, *expected):
        found = self.violations(files)
        self.assertEqual(len(found), 1, found)
        for part in expected:
            self.assertIn(part, found[0])

    def test_a_long_file_needs_a_reason(self):
        self.assert_found({"src/a.cc": "int a;\n" * 601}, "src/a.cc:1:", "601 lines")

    def test_a_reason_in_the_first_comment_allows_a_long_file(self):
        text = "// One table,\n// over 600 lines because it is one table.\n" + "int a;\n" * 700
        self.assertEqual(self.violations({"src/a.cc": text}), [])

    def test_a_reason_further_down_does_not_count(self):
        text = "// A table.\nint b;\n// over 600 lines because it is one table.\n" + "int a;\n" * 700
        self.assert_found({"src/a.cc": text}, "lines")

    def test_no_reason_allows_more_than_a_thousand_lines(self):
        self.assert_found({"src/a.cc": "// over 600 lines because\n" + "int a;\n" * 1000}, "1001 lines")

    def test_words_that_put_work_off_are_found(self):
        for word in ("TODO", "Fixme", "XXX", "hack", "placeholder", "stub"):
            self.assert_found({"src/base/a.cc": f"int a;  // {word}: later\n"}, "src/base/a.cc:1:", word)

    def test_words_inside_other_words_are_not(self):
        self.assertEqual(self.violations({"src/a.cc": 'auto hackney = "slate-XXXXXX";  // stubborn\n'}), [])

    def test_a_grpc_stub_is_not_found_in_the_loader(self):
        self.assertEqual(self.violations({"src/loader/a.cc": "auto stub = Loader::NewStub(channel);\n"}), [])

    def test_blanks_tabs_and_missing_newlines_are_found(self):
        self.assert_found({"src/a.cc": "int a; \n"}, "src/a.cc:1:", "blanks")
        self.assert_found({"src/a.cc": "int\ta;\n"}, "a tab")
        self.assert_found({"src/a.cc": "int a;\r\n"}, "blanks")
        self.assert_found({"src/a.cc": "int a;"}, "newline")
        self.assert_found({"src/a.cc": "int a;\n\n"}, "newline")

    def test_the_seeds_of_a_fuzzer_are_left_alone(self):
        self.assertEqual(self.violations({"src/model/corpus/json/a.json": "{\t} "}), [])

    def test_bytes_that_are_not_utf8_are_found(self):
        with tempfile.TemporaryDirectory() as root:
            Path(root, "a.md").write_bytes(b"\xff\n")
            self.assertEqual(check_text.Checker(root).run(), ["a.md:1: is not UTF-8"])

    def test_a_link_to_a_missing_file_is_found(self):
        self.assert_found({"docs/a.md": "one\n[b](b.md)\n"}, "docs/a.md:2:", "b.md")

    def test_a_link_to_a_missing_heading_is_found(self):
        self.assert_found({"a.md": "[b](b.md#no)\n", "b.md": "# Yes\n"}, "a.md:1:", "b.md#no")

    def test_a_reference_link_to_a_missing_file_is_found(self):
        self.assert_found({"a.md": "[b]\n\n[b]: b.md\n"}, "a.md:3:")

    def test_a_link_out_of_the_repository_is_found(self):
        self.assert_found({"a.md": "[b](../../etc/passwd)\n"}, "leads out")

    def test_good_links_pass(self):
        text = ("# Life of a `request`, part 1\n[a](#life-of-a-request-part-1) [b](docs/) [c](https://x.test/y)\n"
                "![d](docs/d.md 'x') `[no](link)`\n```\n[no](link)\n```\n[e](/docs/d.md#same-1) [f](docs/d.md#id)\n")
        text = text.replace(" 'x'", ' "x"')
        self.assertEqual(self.violations({"a.md": text, "docs/d.md": '# Same\n# Same\n<a id="id"></a>\n'}), [])

    def test_the_page_of_errors_agrees_with_the_table(self):
        self.assertEqual(self.violations({"src/base/error.cc": ERROR_CC, "docs/errors.md": ERRORS_MD}), [])

    def test_a_reason_that_the_page_lacks_is_found(self):
        page = "\n".join(line for line in ERRORS_MD.split("\n") if "in_use" not in line)
        self.assert_found({"src/base/error.cc": ERROR_CC, "docs/errors.md": page}, "in_use", "missing")

    def test_a_reason_that_the_table_lacks_is_found(self):
        page = ERRORS_MD + "| `lost` | 500 | INTERNAL |\n"
        self.assert_found({"src/base/error.cc": ERROR_CC, "docs/errors.md": page}, "no reason lost")

    def test_a_wrong_status_or_code_is_found(self):
        for right, wrong in (("404", "410"), ("FAILED_PRECONDITION", "ABORTED")):
            page = ERRORS_MD.replace(right, wrong)
            self.assert_found({"src/base/error.cc": ERROR_CC, "docs/errors.md": page}, right)

    def test_a_reason_without_an_anchor_is_found(self):
        page = ERRORS_MD.replace('<a id="in_use"></a>', "")
        self.assert_found({"src/base/error.cc": ERROR_CC, "docs/errors.md": page}, "in_use has no anchor")

    def test_a_fuzzer_that_the_page_of_tests_lacks_is_found(self):
        files = {"src/a_fuzz.cc": "int a;\n", "docs/testing.md": "# Tests\n"}
        self.assert_found(files, "src/a_fuzz.cc is missing")
        files["docs/testing.md"] += "[a](../src/a_fuzz.cc)\n"
        self.assertEqual(self.violations(files), [])


if __name__ == "__main__":
    unittest.main()
