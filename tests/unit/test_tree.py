"""The file as written: raw text with its place, and what merging does to both."""

import pytest

from flywheel_sim.errors import ConfigError
from flywheel_sim.scenario.source.overlay import deletions, merge
from flywheel_sim.scenario.source.tree import KEY, MOVED, Mark, tree_of
from flywheel_sim.scenario.source.yaml_text import read_text


def tree(text, name="f.yaml"):
    return read_text(text, name)


def merged(base, over):
    return merge(tree(base, "base.yaml"), tree(over, "over.yaml"))


# -- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["no", "on", "yes", "1:30", "0x10", "1e3", "null", "2027-01-01", "true", "010", ".inf"]
)
def test_a_scalar_stays_the_text_it_is(text):
    assert tree(f"a: {text}").root == {"a": text}


@pytest.mark.parametrize("text", ["no", "on", "1:30"])
def test_a_key_stays_the_text_it_is(text):
    assert tree(f"{text}: a").root == {text: "a"}


def test_a_tilde_is_a_deletion_and_a_quoted_one_a_text():
    assert tree("a: ~\nb: '~'").root == {"a": None, "b": "~"}


def test_a_quoted_empty_text_is_a_text():
    assert tree("a: ''").root == {"a": ""}


def test_lists_and_mappings_nest_as_written():
    assert tree("a: [x, {b: y}]\nc:\n  - z").root == {"a": ["x", {"b": "y"}], "c": ["z"]}


def test_every_key_and_every_value_has_its_place():
    mark = tree("a:\n  b: [x, y]\n").mark
    assert mark(("a", "b", KEY)) == Mark("f.yaml", 2, 3)
    assert mark(("a", "b")) == Mark("f.yaml", 2, 6)
    assert mark(("a", "b", "1")) == Mark("f.yaml", 2, 10)


def test_a_problem_shows_the_text_at_its_place():
    problem = tree("a:\n  b: x").problem(("a", "b"), None, "rule", "remedy")
    assert str(problem) == "f.yaml:2:6 a.b: 'x': rule; remedy"


def test_a_problem_with_a_mapping_is_placed_at_its_key():
    problem = tree("a:\n  b: {c: x}").problem(("a", "b"), None, "rule", "remedy")
    assert str(problem) == "f.yaml:2:3 a.b: rule; remedy"


def test_a_problem_with_what_is_missing_is_placed_where_it_belongs():
    problem = tree("a:\n  b: {c: x}").problem(("a", "b"), None, "rule", "remedy", key="d")
    assert str(problem) == "f.yaml:2:3 a.b.d: rule; remedy"


def test_steps_that_an_inline_form_leaves_out_are_left_out_of_the_path():
    assert tree("a: {to: x}").locate(("a", "events", "a", "to")) == ("a", "to")


def test_values_from_code_are_placed_in_code():
    assert str(tree_of({"a": "x"}, "<code>").problem(("a",), None, "rule", "remedy")) == "<code> a: 'x': rule; remedy"


# -- merging ------------------------------------------------------------------------------------


def test_mappings_merge():
    assert merged("a: {b: x, c: y}", "a: {c: z, d: w}").root == {"a": {"b": "x", "c": "z", "d": "w"}}


def test_the_base_stays_as_it_is():
    base = tree("a: {b: x}")
    merge(base, tree("a: {b: y, c: z}"))
    assert base.root == {"a": {"b": "x"}}


def test_lists_replace():
    assert merged("a: [x, y]", "a: [z]").root == {"a": ["z"]}


def test_strategies_replace_and_do_not_merge():
    assert merged("strategies: {a: {}, b: {}}", "strategies: {c: {}}").root == {"strategies": {"c": {}}}


def test_a_tilde_deletes():
    assert merged("a: {b: x, c: y}", "a: {b: ~}").root == {"a": {"c": "y"}}


def test_a_deletion_inside_a_new_part_leaves_nothing():
    assert merged("a: x", "b: {c: ~, d: y}").root == {"a": "x", "b": {"d": "y"}}


@pytest.mark.parametrize("rate", ["{value: 1, by: {p: {q: 2}}}", "{by: {p: {q: 2}}}", "{value: 1}"])
def test_a_bare_value_over_a_rate_moves_its_family(rate):
    rate_mapping = merged(f"a: {rate}", "a: 3").root["a"]
    assert rate_mapping == {**tree(f"a: {rate}").root["a"], MOVED: "3"}


def test_a_bare_value_over_a_bare_value_replaces_it():
    assert merged("a: 1", "a: 3").root == {"a": "3"}


def test_a_bare_value_over_a_distribution_replaces_it():
    assert merged("a: {exponential: 7 days}", "a: 3 days").root == {"a": "3 days"}


def test_a_value_in_braces_changes_the_reference_alone():
    assert merged("a: {value: 1, by: {p: {q: 2}}}", "a: {value: 3}").root == {
        "a": {"value": "3", "by": {"p": {"q": "2"}}}
    }


def test_a_second_move_takes_the_place_of_the_first():
    twice = merge(merged("a: {value: 1}", "a: 2"), tree("a: 3"))
    assert twice.root == {"a": {"value": "1", MOVED: "3"}}


def test_a_value_laid_over_a_moved_rate_without_levels_replaces_it():
    assert merge(merged("a: {value: 1}", "a: 2"), tree("a: {value: 3}")).root == {"a": {"value": "3"}}


def test_a_level_laid_over_a_moved_family_is_refused_where_it_stands():
    with pytest.raises(ConfigError, match=r"late\.yaml:2:5 a\.value: a bare value moved .*; lay single levels over it"):
        merge(merged("a: {value: 1, by: {p: {q: 2}}}", "a: 2"), tree("b: x\na: {value: 3}", "late.yaml"))


def test_places_survive_merges():
    result = merged("a:\n  b: x\n  c: y\n", "\n\na: {c: z}\n")
    assert result.mark(("a", "b")) == Mark("base.yaml", 2, 6)
    assert result.mark(("a", "c")) == Mark("over.yaml", 3, 8)


def test_the_places_of_a_replaced_part_go_with_it():
    result = merged("a: {exponential: 7 days}", "a: 3 days")
    assert [result.mark(path).file for path in (("a",), ("a", KEY), ("a", "exponential"))] == ["over.yaml"] * 3


def test_the_place_of_a_move_is_where_the_bare_value_stands():
    assert merged("a: {value: 1}", "\na: 2").mark(("a", MOVED)) == Mark("over.yaml", 2, 4)


def test_deletions_with_nothing_to_delete_are_found():
    base, over = tree("a: {b: x}"), tree("a: {b: ~, c: ~}\nd: ~\nstrategies: {s: {a: ~}}", "over.yaml")
    assert [(p.line, p.column, p.path) for p in deletions(over, base)] == [(1, 11, "a.c"), (2, 1, "d")]


# -- a table over a bare value ------------------------------------------------------------------


@pytest.mark.parametrize(
    "over", ["{by: {p: {q: 2}}}", "{times: {p: {q: 2}}}", "{spread: 3 points}", "{uncertain: 3 points}", "{why: so}"]
)
def test_a_table_without_a_value_keeps_the_bare_value_it_is_laid_over(over):
    assert merged("rates: {a: 45 days}", f"rates: {{a: {over}}}").root == {
        "rates": {"a": {"value": "45 days", **tree(f"a: {over}").root["a"]}}
    }


def test_a_rate_that_is_another_by_name_keeps_that_one():
    assert merged("rates: {a: b}", "rates: {a: {by: {p: {q: 2}}}}").root["rates"]["a"]["value"] == "b"


def test_an_inline_figure_keeps_its_value_too():
    result = merged("journey: {s: {after: 45 days}}", "journey: {s: {after: {by: {p: {q: never}}}}}")
    assert result.root["journey"]["s"]["after"] == {"value": "45 days", "by": {"p": {"q": "never"}}}


@pytest.mark.parametrize("over", ["{value: 3, by: {p: {q: 2}}}", "{by: {p: {q: 2}}, to: s}", "{}"])
def test_other_mappings_replace_a_bare_value(over):
    assert merged("rates: {a: 45 days}", f"rates: {{a: {over}}}").root["rates"]["a"] == tree(f"a: {over}").root["a"]


def test_a_draw_replaces_the_kind_of_an_attribute():
    over = "attributes: {a: {by: {p: {q: {x: rest}}}}}"
    assert merged("attributes: {a: stopwatch}", over).root == tree(over).root
    assert merged(over, "attributes: {a: stopwatch}").root == tree("attributes: {a: stopwatch}").root


def test_a_name_that_is_set_is_replaced_by_a_draw():
    result = merged("e: {set: {mood: sweet}}", "e: {set: {mood: {by: {p: {q: {sour: rest}}}}}}")
    assert result.root["e"]["set"]["mood"] == {"by": {"p": {"q": {"sour": "rest"}}}}
    back = merged("e: {set: {mood: {by: {p: {q: {sour: rest}}}}}}", "e: {set: {mood: sweet}}")
    assert back.root["e"]["set"]["mood"] == "sweet"


def test_the_value_kept_has_its_own_place_and_the_table_its_own():
    result = merged("\nrates:\n  a: 45 days\n", "rates: {a: {by: {p: {q: 2}}}}")
    assert result.mark(("rates", "a", "value")) == Mark("base.yaml", 3, 6)
    assert result.mark(("rates", "a", "by", "p", "q")) == Mark("over.yaml", 1, 25)


def test_a_level_laid_over_a_kept_value_joins_the_others():
    once = merged("rates: {a: 45 days}", "rates: {a: {by: {p: {q: 2 days}}}}")
    assert merge(once, tree("rates: {a: {by: {p: {r: 3 days}}}}")).root["rates"]["a"] == {
        "value": "45 days", "by": {"p": {"q": "2 days", "r": "3 days"}},
    }  # fmt: skip


def test_channels_with_seasons_are_no_rates():
    base = "channels: {a: {rate: 3, times: {month: {may: 2}}}}"
    assert merged(base, "channels: {a: 3}").root == {"channels": {"a": "3"}}
