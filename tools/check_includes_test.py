import tempfile
import unittest
from pathlib import Path

import check_includes

# A tree without violations; each test breaks one thing in it.
GOOD = {
    "include/slate/value.h": "#pragma once\n#include <string>\n#include <slate/error.h>\n",
    "src/base/CMakeLists.txt": "slate_room(base\n  SOURCES check.cc)\n",
    "src/base/check.cc": '#include "base/check.h"\n',
    "src/base/check.h": "#pragma once\n",
    "src/model/CMakeLists.txt": "slate_room(model\n  SOURCES schema.cc  # comment (with parentheses)\n  ROOMS base)\n",
    "src/model/schema.cc": '#include <vector>\n#include <slate/value.h>\n#include "base/check.h"\n#include "model/schema.h"\n',
    "src/model/schema.h": "#pragma once\n",
    "src/codec/CMakeLists.txt": "slate_room(codec SOURCES key.cc ROOMS model LIBS x)\n",
    "src/codec/key.cc": '#include "base/check.h"\n#include "codec/key.h"\n',
    "src/codec/key.h": "#pragma once\n",
    "src/storage/CMakeLists.txt": "slate_room(storage SOURCES env.cc ROOMS base)\n",
    "src/storage/env.cc": "#include <lmdb.h>\n",
    "src/storage/testing/fault.h": "#pragma once\n#include <lmdb.h>\n",
}


class CheckIncludes(unittest.TestCase):
    def violations(self, changes=()):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**GOOD, **dict(changes)}.items():
                path = Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return check_includes.Checker(root).run()

    def assert_found(self, name, text, *expected):
        found = self.violations({name: text})
        self.assertEqual(len(found), 1, found)
        for part in expected:
            self.assertIn(part, found[0])

    def test_a_good_tree_has_no_violation(self):
        self.assertEqual(self.violations(), [])

    def test_an_include_upwards_is_found_with_file_and_line(self):
        self.assert_found("src/model/schema.h", '#pragma once\n\n#include "codec/key.h"\n',
                          "src/model/schema.h:3:", "model may not use codec")

    def test_an_include_sideways_is_found(self):
        self.assert_found("src/codec/key.h", '#include "storage/testing/fault.h"\n', "codec may not use storage")

    def test_an_allowed_include_that_is_not_declared_is_found(self):
        found = self.violations({"src/storage/CMakeLists.txt": "slate_room(storage SOURCES env.cc)\n",
                                 "src/storage/env.cc": '#include "base/check.h"\n'})
        self.assertEqual(found, ["src/storage/env.cc:1: room storage uses base without declaring it in its CMakeLists.txt"])

    def test_a_declared_room_that_is_not_allowed_is_found(self):
        self.assert_found("src/storage/CMakeLists.txt", "slate_room(storage SOURCES env.cc ROOMS base\n  codec)\n",
                          "src/storage/CMakeLists.txt:1:", "storage may not use codec")

    def test_a_room_that_the_table_lacks_is_found(self):
        found = self.violations({"src/misc/CMakeLists.txt": "slate_room(misc SOURCES a.cc)\n", "src/misc/a.cc": ""})
        self.assertEqual(len(found), 2, found)
        self.assertTrue(all("room misc is not in the table" in line for line in found))

    def test_a_source_that_no_cmake_file_lists_is_found(self):
        self.assert_found("src/codec/block.cc", "", "src/codec/block.cc:1:", "does not list it")

    def test_a_source_whose_name_ends_like_a_listed_one_is_found(self):
        self.assert_found("src/codec/ey.cc", "", "src/codec/ey.cc:1:", "does not list it")

    def test_lmdb_outside_storage_is_found(self):
        self.assert_found("src/codec/key.cc", "#include <lmdb.h>\n", "LMDB", "src/storage")

    def test_lmdb_in_a_header_of_storage_is_found(self):
        self.assert_found("src/storage/env.h", "#  include <lmdb.h>\n", "src/storage/env.h:1:", "in a header")

    def test_beast_outside_the_network_rooms_is_found(self):
        self.assert_found("src/model/schema.cc", "#include <boost/beast/http.hpp>\n", "Asio and Beast")

    def test_generated_protobuf_outside_the_loader_is_found(self):
        self.assert_found("src/model/schema.cc", '#include "slate/loader/loader.pb.h"\n', "gRPC and protobuf")

    def test_a_library_in_a_public_header_is_found(self):
        self.assert_found("include/slate/value.h", "#include <boost/json/fwd.hpp>\n", "include/slate/value.h:1:")

    def test_a_private_header_in_a_public_one_is_found(self):
        self.assert_found("include/slate/value.h", '#include "model/schema.h"\n', "include/slate/value.h:1:")

    def test_an_include_without_its_room_is_found(self):
        self.assert_found("src/model/schema.cc", '#include "schema.h"\n', 'write "room/file.h"')

    def test_an_include_of_a_file_that_is_not_there_is_found(self):
        self.assert_found("src/model/schema.cc", '#include "base/gone.h"\n', "there is no src/base/gone.h")

    def test_the_table_itself_has_no_cycle_and_names_only_its_rooms(self):
        for room, uses in check_includes.ROOMS.items():
            for used in uses:
                self.assertIn(used, check_includes.ROOMS)
                self.assertNotIn(room, check_includes.closure(check_includes.ROOMS, used), f"{room} <-> {used}")


if __name__ == "__main__":
    unittest.main()
