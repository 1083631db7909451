import unittest

from check_dashboard import check, check_expression, documented

NAMES = documented("| `slate_a_total` | counter | `route` | x |\n| `slate_b_seconds` | histogram | | y |\n| word | x |\n")


def panel(number, y, expression="slate_a_total"):
    return {"id": number, "title": f"p{number}", "type": "stat", "gridPos": {"x": 0, "y": y, "w": 4, "h": 4},
            "targets": [{"expr": expression}]}


class CheckDashboardTest(unittest.TestCase):
    def test_the_table_is_read_with_the_series_of_histograms(self):
        self.assertEqual(NAMES["slate_a_total"], {"route"})
        self.assertIn("slate_b_seconds_bucket", NAMES)
        self.assertNotIn("slate_a_total_bucket", NAMES)

    def test_what_is_documented_is_accepted(self):
        for expression in ('sum by (route) (rate(slate_a_total{instance=~"$i",route="x"}[5m]))',
                           "histogram_quantile(0.5, sum by (le) (rate(slate_b_seconds_bucket[5m])))"):
            self.assertEqual(check_expression(expression, NAMES)[0], [])

    def test_unknown_metrics_and_labels_are_found(self):
        self.assertIn("slate_c", check_expression("rate(slate_c[5m])", NAMES)[0][0])
        self.assertIn("no label status", check_expression('slate_a_total{status="200"}', NAMES)[0][0])
        self.assertIn("grouped by kind", check_expression("sum by (kind) (slate_a_total)", NAMES)[0][0])
        self.assertIn("no metric", check_expression("vector(1)", NAMES)[0][0])

    def test_panels_that_share_an_id_or_a_place_or_are_empty_are_found(self):
        self.assertEqual(check({"panels": [panel(1, 0), panel(2, 4)]}, NAMES)[0], [])
        self.assertIn("taken", check({"panels": [panel(1, 0), panel(1, 4)]}, NAMES)[0][0])
        self.assertIn("over another", check({"panels": [panel(1, 0), panel(2, 3)]}, NAMES)[0][0])
        empty = panel(1, 0)
        empty["targets"] = []
        self.assertIn("shows nothing", check({"panels": [empty]}, NAMES)[0][0])


if __name__ == "__main__":
    unittest.main()
