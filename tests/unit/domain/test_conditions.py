"""Conditions of custom permissions: what each operator says of each field, and where mistakes are pointed at."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any, Final

import pytest

from rolecall.domain.conditions import About, check_condition, compile_condition, describe
from rolecall.domain.errors import InvalidInput

NOBODY: Final = About("", "", (), "", "", "", "", "", "", "")
SOMEONE: Final = About(
    subject_id="ann",
    subject_role="call_member",
    subject_teams=("red", "blue"),
    subject_custom=json.dumps({
        "word": "m", "number": 5, "fraction": 5.0, "yes": True, "no": False, "nothing": None, "empty": "",
        "words": ["a", "m"], "numbers": [1, 9], "mixed": ["m", 5], "none": [], "nulls": [None], "lists": [["m"]],
        "object": {"word": "m", "deep": {"er": 1}}, "objects": [{"word": "m"}], "id": "custom-ann",
        "custom": {"word": "twice"}, "not.dotted": 1,
    }),
    resource_id="standup",
    resource_type="default",
    resource_cid="default:standup",
    resource_team="red",
    resource_created_by_id="bob",
    resource_custom=json.dumps({"word": "z", "size": 12}),
)  # fmt: skip


def true(condition: dict[str, Any], about: About = SOMEONE) -> bool:
    """Whether a well-formed condition holds."""
    check_condition(condition)
    return compile_condition(condition)(about)


# --- operators -------------------------------------------------------------------------------------------------------

# operator, operand -> the fields of `$subject` of which it is true; of all others it is false
FIELDS: Final = (
    "word", "number", "fraction", "yes", "no", "nothing", "empty", "words", "numbers", "mixed", "none", "nulls",
    "lists", "object", "objects", "absent", "id", "role", "teams", "custom.id",
)  # fmt: skip
STRINGS: Final = {"word", "empty", "id", "role", "teams", "custom.id", "words"}
TRUE_OF: Final[tuple[tuple[str, Any, set[str]], ...]] = (
    ("$eq", "m", {"word", "words", "mixed"}),
    ("$eq", "", {"empty"}),
    ("$eq", "ann", {"id"}),
    ("$eq", "blue", {"teams"}),
    ("$eq", 5, {"number", "fraction", "mixed"}),
    ("$eq", 5.0, {"number", "fraction", "mixed"}),
    ("$eq", 1, {"numbers"}),
    ("$eq", 0, set()),
    ("$eq", True, {"yes"}),
    ("$eq", False, {"no"}),
    ("$ne", "m", STRINGS - {"word", "words"} | {"none"}),
    ("$ne", "other", STRINGS | {"none"}),
    ("$ne", "red", STRINGS - {"teams"} | {"none"}),
    ("$ne", 5, {"numbers", "none"}),
    ("$ne", 9, {"number", "fraction", "none"}),
    ("$ne", True, {"no", "none"}),
    ("$in", ["m", "ann"], {"word", "words", "mixed", "id"}),
    ("$in", ["red", 5], {"teams", "number", "fraction", "mixed"}),
    ("$in", [True, 9], {"yes", "numbers"}),
    ("$in", [1, False], {"no", "numbers"}),
    ("$in", [], set()),
    ("$nin", ["m", "ann"], STRINGS - {"word", "words", "id"} | {"none"}),
    ("$nin", ["red", "x"], STRINGS - {"teams"} | {"none"}),
    ("$nin", [1, 5], {"none"}),
    ("$nin", [0, 6.5], {"number", "fraction", "numbers", "none"}),
    ("$nin", ["x", 0], {"none"}),
    ("$nin", [True], {"no", "none"}),
    ("$nin", [], set(FIELDS) - {"absent", "object", "objects", "lists"}),
    ("$gt", "m", {"teams"}),
    ("$gt", "a", STRINGS - {"empty"} | {"mixed"}),
    ("$gt", 5, {"numbers"}),
    ("$gt", 4.5, {"number", "fraction", "numbers", "mixed"}),
    ("$gte", "m", {"word", "words", "mixed", "teams"}),
    ("$gte", 5, {"number", "fraction", "numbers", "mixed"}),
    ("$gte", 5.5, {"numbers"}),
    ("$lt", "m", STRINGS - {"word"}),
    ("$lt", 5, {"numbers"}),
    ("$lt", 0.5, set()),
    ("$lte", "m", STRINGS | {"mixed"}),
    ("$lte", 5, {"number", "fraction", "numbers", "mixed"}),
    ("$lte", 4, {"numbers"}),
    ("$exists", True, set(FIELDS) - {"absent"}),
    ("$exists", False, {"absent"}),
)  # fmt: skip
ROWS: Final = [pytest.param(*row, id=f"{row[0]} {json.dumps(row[1])}") for row in TRUE_OF]


def fields_where(condition: Any) -> set[str]:
    return {field for field in FIELDS if true({f"$subject.{field}": condition})}


@pytest.mark.parametrize(("operator", "operand", "fields"), ROWS)
def test_an_operator_is_true_of_these_fields_only(operator: str, operand: Any, fields: set[str]) -> None:
    # "teams" holds red and blue, "role" is call_member, "id" is ann and custom "id" is custom-ann
    assert fields_where({operator: operand}) == fields


@pytest.mark.parametrize(("operator", "operand", "fields"), ROWS)
def test_an_operators_not_is_true_of_all_other_fields(operator: str, operand: Any, fields: set[str]) -> None:
    assert fields_where({"$not": {operator: operand}}) == set(FIELDS) - fields


@pytest.mark.parametrize(("operator", "operand", "fields"), [row for row in TRUE_OF if row[0] == "$eq"])
def test_a_bare_value_is_compared_for_equality(operator: str, operand: Any, fields: set[str]) -> None:
    assert fields_where(operand) == fields


TEXT_FIELDS: Final = (
    "$subject.id", "$subject.role", "$resource.id", "$resource.type", "$resource.cid", "$resource.team",
    "$resource.created_by_id",
)  # fmt: skip


@pytest.mark.parametrize("field", [*TEXT_FIELDS, "$subject.plan", "$resource.custom.plan"])
@pytest.mark.parametrize(
    "comparison",
    [{"$eq": ""}, {"$ne": "x"}, {"$in": [""]}, {"$nin": []}, {"$nin": ["x"]}, {"$gt": ""}, {"$gte": ""}, {"$lt": "x"},
     {"$lte": ""}, {"$exists": True}],
    ids=str,
)  # fmt: skip
def test_every_comparison_of_a_missing_field_is_false(field: str, comparison: dict[str, Any]) -> None:
    assert not true({field: comparison}, NOBODY)


@pytest.mark.parametrize("field", [*TEXT_FIELDS, "$subject.plan", "$resource.custom.plan"])
def test_a_missing_field_does_not_exist(field: str) -> None:
    assert true({field: {"$exists": False}}, NOBODY)


def test_a_user_without_teams_has_an_empty_list_of_them() -> None:
    assert true({"$subject.teams": {"$exists": True, "$ne": "red", "$nin": ["red"]}}, NOBODY)
    assert not true({"$subject.teams": {"$lte": "zzz"}}, NOBODY)


@pytest.mark.parametrize("teams", [("red", "blue"), ["red", "blue"], {"red", "blue"}, frozenset({"red", "blue"})])
def test_teams_may_come_in_any_collection(teams: Any) -> None:
    about = SOMEONE._replace(subject_teams=teams)
    assert true({"$subject.teams": "blue"}, about)
    assert not true({"$subject.teams": {"$ne": "blue"}}, about)


@pytest.mark.parametrize("operand", [5, True, 0.5])
def test_built_in_text_is_never_like_a_number_or_a_boolean(operand: Any) -> None:
    for field in (*TEXT_FIELDS, "$subject.teams"):
        assert not true({field: operand})
        assert not true({field: {"$ne": operand}})
        assert not true({field: {"$nin": [operand]}})


def test_text_is_ordered_by_code_points() -> None:
    assert true({"$subject.id": {"$gt": "Z", "$lt": "é"}})


def test_numbers_are_compared_exactly() -> None:
    about = NOBODY._replace(subject_custom='{"n": 9007199254740993}')
    assert true({"$subject.n": {"$gt": 2.0**53}}, about)


def test_two_operators_on_a_list_may_be_held_by_different_elements() -> None:
    assert true({"$subject.numbers": {"$gt": 5, "$lt": 5}})


# --- fields ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("$subject.id", "ann"),
        ("$subject.role", "call_member"),
        ("$subject.teams", "red"),
        ("$subject.custom.id", "custom-ann"),
        ("$subject.word", "m"),
        ("$subject.custom.word", "m"),
        ("$subject.custom.custom.word", "twice"),
        ("$subject.object.word", "m"),
        ("$subject.custom.object.deep.er", 1),
        ("$resource.id", "standup"),
        ("$resource.type", "default"),
        ("$resource.cid", "default:standup"),
        ("$resource.team", "red"),
        ("$resource.created_by_id", "bob"),
        ("$resource.word", "z"),
        ("$resource.custom.size", 12),
    ],
)
def test_a_field_is_found(field: str, value: Any) -> None:
    assert true({field: value})
    assert not true({field: value}, NOBODY)


@pytest.mark.parametrize(
    "path", ["word.x", "nothing.x", "words.0", "objects.word", "object.deep.er.x", "object.x.y", "not.dotted"]
)
def test_what_is_no_object_on_the_way_has_no_fields(path: str) -> None:
    assert true({f"$subject.{path}": {"$exists": False}})
    assert not true({f"$subject.{path}": {"$ne": "x"}})


@pytest.mark.parametrize("field", ["role", "role.x"])
def test_roles_of_custom_data_are_plain_text(field: str) -> None:
    about = NOBODY._replace(subject_custom='{"role": "call_member"}')
    assert not true({f"$subject.custom.{field}": "call-member"}, about)


@pytest.mark.parametrize(
    "operand",
    ["call-member", {"$eq": "call-member"}, {"$in": ["x", "call-member"]}, {"$not": {"$ne": "call-member"}}],
    ids=str,
)
def test_a_role_may_be_spelled_either_way(operand: Any) -> None:
    assert true({"$subject.role": operand})


def test_roles_come_back_in_their_canonical_spelling() -> None:
    sent = {"$subject.role": {"$nin": ["call-member", 1], "$not": {"$eq": "call-member"}}, "$subject.id": "call-member"}
    assert check_condition(sent) == {
        "$subject.role": {"$nin": ["call_member", 1], "$not": {"$eq": "call_member"}},
        "$subject.id": "call-member",
    }


# --- logic -----------------------------------------------------------------------------------------------------------

YES: Final = {"$subject.id": "ann"}
NO: Final = {"$subject.id": "bob"}


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({}, True),
        ({"$and": [YES]}, True),
        ({"$and": [YES, YES]}, True),
        ({"$and": [YES, NO]}, False),
        ({"$and": [NO, YES]}, False),
        ({"$and": [YES, YES, NO]}, False),
        ({"$or": [NO]}, False),
        ({"$or": [NO, YES]}, True),
        ({"$or": [YES, NO]}, True),
        ({"$or": [NO, NO, NO]}, False),
        ({"$not": YES}, False),
        ({"$not": NO}, True),
        ({"$not": {"$not": YES}}, True),
        ({"$not": {"$subject.absent": "x"}}, True),
        ({"$not": {"$subject.absent": {"$ne": "x"}}}, True),
        ({**YES, "$resource.id": "standup"}, True),
        ({**YES, "$resource.id": "x"}, False),
        ({"$or": [YES], "$and": [NO]}, False),
        ({"$subject.number": {"$gte": 5, "$lt": 6}}, True),
        ({"$subject.number": {"$gte": 5, "$lt": 5}}, False),
        ({"$subject.number": {"$gte": 6, "$lt": 9}}, False),
        ({"$subject.number": {"$not": {"$gte": 5, "$lt": 5}}}, True),
        ({"$subject.number": {"$not": {"$not": {"$eq": 5}}}}, True),
    ],
    ids=str,
)
def test_logic_is_two_valued(condition: dict[str, Any], answer: bool) -> None:
    assert true(condition) is answer


# --- what can't be evaluated -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["{", "[]", '"x"', "null", '{"a": NaN}', '{"a": -Infinity}', '{"n": ' + "9" * 5000 + "}", "[" * 100_000]
)
def test_custom_data_that_cannot_be_read_denies_even_under_not(text: str) -> None:
    about = SOMEONE._replace(subject_custom=text)
    assert not true({"$not": {"$subject.plan": "x"}}, about)
    assert not true({"$subject.plan": {"$exists": False}}, about)
    assert true(YES, about)


@pytest.mark.parametrize(
    "condition", [{"$nor": [YES]}, {"$not": {}}, {"$not": {"$subject.id": None}}, {**YES, "x": 1}], ids=str
)
def test_a_malformed_condition_never_holds(condition: dict[str, Any]) -> None:
    assert compile_condition(condition)(SOMEONE) is False


def test_custom_data_is_read_once_for_many_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    loads = json.loads

    def counted(text: str, **options: Any) -> Any:
        read.append(text)
        return loads(text, **options)

    monkeypatch.setattr(json, "loads", counted)
    about = NOBODY._replace(subject_custom='{"only": "here"}', resource_custom='{"and": "there"}')
    condition = {"$subject.only": "here", "$resource.and": "there", "$subject.other": {"$exists": False}}
    assert all(true(condition, about) for _ in range(3))
    assert sorted(read) == ['{"and": "there"}', '{"only": "here"}']


# --- mistakes --------------------------------------------------------------------------------------------------------


def refusal(condition: object) -> tuple[str, str]:
    """Return the place and the problem of a malformed condition, which also must never hold."""
    with pytest.raises(InvalidInput) as refused:
        check_condition(condition)
    if isinstance(condition, dict):
        assert compile_condition(condition)(SOMEONE) is False
    place, message = refused.value.field, refused.value.message
    assert message.startswith(f"`{place}` ")
    return place, message.removeprefix(f"`{place}` ")


DEEP_PLACE: Final = "condition.$and[1].$not.$subject.custom.age"
MALFORMED: Final[tuple[tuple[object, str, str], ...]] = (
    # the condition
    (None, "", "must be an object, got null"),
    ("x", "", "must be an object, got `x`"),
    ([], "", "must be an object, got a list"),
    (1, "", "must be an object, got a number"),
    (True, "", "must be an object, got `true`"),
    ({1: 2}, "", "must have strings for keys, got a number"),
    ({None: 2}, "", "must have strings for keys, got null"),
    ({"age": 1}, ".age", "is neither a field"),
    ({"": 1}, ".", "is neither a field"),
    ({"$nor": [YES]}, ".$nor", "did you mean `$or`?"),
    ({"$And": [YES]}, ".$And", "did you mean `$and`?"),
    ({"$subjct.id": "x"}, ".$subjct.id", "did you mean `$subject.id`?"),
    ({"subject.plan.x": "x"}, ".subject.plan.x", "did you mean `$subject.plan.x`?"),
    ({"$eq": 1}, ".$eq", 'must stand under a field, as in {"$subject.id": {"$eq": ...}}'),
    ({"\ud800": 1}, ".\\ud800", "is not valid Unicode"),
    # logic
    ({"$and": YES}, ".$and", "must be a list of at least one condition, got an object"),
    ({"$or": []}, ".$or", "must be a list of at least one condition, got an empty one"),
    ({"$and": (YES,)}, ".$and", "got what JSON can't hold"),
    ({"$and": [YES, {}]}, ".$and[1]", "must not be empty"),
    ({"$or": [YES, [YES]]}, ".$or[1]", "must be an object, got a list"),
    ({"$not": {}}, ".$not", "must not be empty"),
    ({"$not": [YES]}, ".$not", "must be an object, got a list"),
    ({"$not": "x"}, ".$not", "must be an object, got `x`"),
    # fields
    ({"$subject": "x"}, ".$subject", "name one of it, as in `$subject.plan`"),
    ({"$resource": "x"}, ".$resource", "name one of it, as in `$resource.plan`"),
    ({"$subject.custom": "x"}, ".$subject.custom", "name one of it, as in `$subject.custom.plan`"),
    ({"$subject.": "x"}, ".$subject.", "must have a name between its dots"),
    ({"$subject..a": "x"}, ".$subject..a", "must have a name between its dots"),
    ({"$resource.custom.": "x"}, ".$resource.custom.", "must have a name between its dots"),
    ({"$resource.a.": "x"}, ".$resource.a.", "must have a name between its dots"),
    ({"$subject.id.x": "x"}, ".$subject.id.x", "custom data of that name is `$subject.custom.id.x`"),
    ({"$subject.a\ud800": "x"}, ".$subject.a\\ud800", "is not valid Unicode"),
    # what a field is compared with
    ({"$subject.id": None}, ".$subject.id", "must be a string, a number or a boolean, got null; to ask whether"),
    ({"$subject.id": ["x"]}, ".$subject.id", "to compare with several values, use `$in` or `$nin`"),
    ({"$subject.id": {}}, ".$subject.id", "must not be empty"),
    ({"$subject.id": {2: 1}}, ".$subject.id", "must have strings for keys"),
    ({"$subject.id": {"x": 1}}, ".$subject.id.x", "is no operator: use one of $eq, $ne, "),
    ({"$subject.id": {"$gt1": 1}}, ".$subject.id.$gt1", "did you mean `$gt`?"),
    ({"$subject.id": {"$exist": True}}, ".$subject.id.$exist", "did you mean `$exists`?"),
    ({"$subject.id": {"$and": [YES]}}, ".$subject.id.$and", "must stand around fields, not under one"),
    ({"$subject.id": {"$resource.id": "x"}}, ".$subject.id.$resource.id", "must stand around fields, not under one"),
    ({"$subject.id": {"$not": "x"}}, ".$subject.id.$not", "must be an object, got `x`"),
    ({"$subject.id": {"$not": {}}}, ".$subject.id.$not", "must not be empty"),
    ({"$subject.id": {"$not": YES}}, ".$subject.id.$not.$subject.id", "must stand around fields"),
    ({"$subject.id": "$resource.id"}, ".$subject.id", "a field can't be compared with a field"),
    ({"$subject.id": {"$in": ["x", "$subject."]}}, ".$subject.id.$in[1]", "a field can't be compared with a field"),
    ({"$subject.id": "\udfff"}, ".$subject.id", "is not valid Unicode: `\\udfff`"),
    ({"$subject.id": b"x"}, ".$subject.id", "got what JSON can't hold"),
    ({"$subject.id": {"$eq": {"$eq": 1}}}, ".$subject.id.$eq", "got an object"),
    ({"$subject.id": {"$ne": None}}, ".$subject.id.$ne", "use `$exists`"),
    ({"$subject.id": {"$in": "x"}}, ".$subject.id.$in", "must be a list of strings, numbers and booleans, got `x`"),
    ({"$subject.id": {"$in": {"x"}}}, ".$subject.id.$in", "must be a list of strings, numbers and booleans"),
    ({"$subject.id": {"$nin": [1, None]}}, ".$subject.id.$nin[1]", "got null"),
    ({"$subject.id": {"$nin": [[1]]}}, ".$subject.id.$nin[0]", "got a list"),
    ({"$subject.id": {"$exists": 1}}, ".$subject.id.$exists", "must be `true` or `false`, got a number"),
    ({"$subject.id": {"$exists": None}}, ".$subject.id.$exists", "must be `true` or `false`, got null"),
    ({"$subject.n": float("nan")}, ".$subject.n", "must be a finite number"),
    ({"$subject.n": {"$gt": float("inf")}}, ".$subject.n.$gt", "must be a finite number"),
    ({"$subject.n": {"$in": [-float("inf")]}}, ".$subject.n.$in[0]", "must be a finite number"),
    ({"$subject.n": 10**309}, ".$subject.n", "must be a finite number"),
    *(
        ({"$subject.id": {name: wrong}}, f".$subject.id.{name}", "must be a string or a number, got ")
        for name in ("$gt", "$gte", "$lt", "$lte")
        for wrong in (True, None, ["x"], {"$eq": 1})
    ),
)  # fmt: skip


@pytest.mark.parametrize(("condition", "place", "problem"), MALFORMED, ids=[ascii(row[0])[:60] for row in MALFORMED])
def test_a_mistake_is_pointed_at(condition: object, place: str, problem: str) -> None:
    found, message = refusal(condition)
    assert found == "condition" + place
    assert problem in message
    found.encode()


def test_a_mistake_deep_inside_is_pointed_at_there() -> None:
    place, _ = refusal({"$and": [YES, {"$not": {"$subject.custom.age": {"$gte": 1, "$gt": True}}}]})
    assert place == DEEP_PLACE + ".$gt"


def test_the_place_begins_with_the_requests_field() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_condition({"$not": {}}, "permission.condition")
    assert refused.value.field == "permission.condition.$not"


def test_a_long_key_is_cut_in_the_place() -> None:
    place, _ = refusal({"k" * 5000: 1})
    assert place == "condition." + "k" * 77 + "..."


# --- limits ----------------------------------------------------------------------------------------------------------


def wrapped(times: int, core: dict[str, Any]) -> dict[str, Any]:
    for _ in range(times):
        core = {"$not": core}
    return core


def test_eight_objects_deep_is_allowed_and_nine_are_not() -> None:
    assert true(wrapped(6, {"$subject.id": {"$eq": "ann"}}))
    assert not true(wrapped(7, {"$subject.id": "ann"}))
    place, problem = refusal(wrapped(7, {"$subject.id": {"$eq": "ann"}}))
    assert place == "condition" + ".$not" * 7 + ".$subject.id"
    assert problem == "is nested deeper than 8 objects"
    assert refusal(wrapped(8, YES))[0] == "condition" + ".$not" * 8


def test_the_operators_not_counts_as_deep_as_any_object() -> None:
    assert true({"$subject.id": wrapped(6, {"$eq": "ann"})})
    assert refusal({"$subject.id": wrapped(7, {"$eq": "ann"})})[0] == "condition.$subject.id" + ".$not" * 7


@pytest.mark.parametrize("step", [lambda inner: {"$not": inner}, lambda inner: {"$or": [inner]}], ids=["$not", "$or"])
def test_bottomless_nesting_is_refused_as_too_deep(step: Any) -> None:
    condition = YES
    for _ in range(50_000):
        condition = step(condition)
    assert refusal(condition)[1] == "is nested deeper than 8 objects"


@pytest.mark.parametrize("text", ["x", "é", "\U0001f600", '"', "\n"])
def test_8_kib_of_compact_json_are_allowed_and_no_byte_more(text: str) -> None:
    room = 8192 - len('{"$subject.id":""}')
    size = len(json.dumps(text, ensure_ascii=False).encode()) - 2
    fits = text * (room // size) + "x" * (room % size)
    assert check_condition({"$subject.id": fits}) == {"$subject.id": fits}
    assert refusal({"$subject.id": fits + "x"}) == ("condition", "takes more than 8192 bytes as compact JSON")


def test_8_kib_count_every_list_and_bracket() -> None:
    condition = {"$subject.id": {"$in": [True, 1, ""], "$exists": False, "$lt": ""}, "$or": [YES]}
    room = 8192 - len(json.dumps(condition, separators=(",", ":")))
    fits = {**condition, "$or": [{"$subject.id": "ann" + "x" * room}]}
    assert check_condition(fits) == fits
    assert refusal({**condition, "$or": [{"$subject.id": "ann" + "x" * (room + 1)}]})[0] == "condition"


@pytest.mark.parametrize("value", [1, 1.5, True, False, ""], ids=repr)
def test_8_kib_hold_for_any_value(value: Any) -> None:
    room = 8192 - len(json.dumps({"$subject.": value}, separators=(",", ":")))
    assert check_condition({"$subject." + "x" * room: value})
    assert refusal({"$subject." + "x" * (room + 1): value})[0] == "condition"


@pytest.mark.parametrize("item", [True, 1, "", 0.5])
def test_a_huge_list_is_left_at_the_limit(item: Any) -> None:
    # what lies beyond the limit is malformed, and nobody gets that far
    assert refusal({"$subject.id": {"$in": [item] * 10_000 + [None]}})[0] == "condition"
    assert refusal({"$subject.id": {"$in": [item] * 10 + [None]}})[0] == "condition.$subject.id.$in[10]"


def test_a_huge_object_is_left_at_the_limit() -> None:
    assert refusal({**{f"$subject.a{number}": 1 for number in range(2000)}, "wrong": 1})[0] == "condition"


def test_shared_parts_do_not_multiply_beyond_the_limit() -> None:
    condition: dict[str, Any] = YES
    for _ in range(6):
        condition = {"$and": [condition] * 1000}
    assert refusal(condition) == ("condition", "takes more than 8192 bytes as compact JSON")


# --- the copy, and its line ------------------------------------------------------------------------------------------


def test_what_is_checked_is_a_copy() -> None:
    sent = {"$and": [{"$subject.id": {"$in": ["ann"]}}]}
    checked, compiled = check_condition(sent), compile_condition(sent)
    sent["$and"][0]["$subject.id"]["$in"].append("bob")
    assert checked == {"$and": [{"$subject.id": {"$in": ["ann"]}}]}
    assert not compiled(SOMEONE._replace(subject_id="bob"))


def test_any_mapping_is_an_object() -> None:
    checked = check_condition(MappingProxyType({"$subject.id": MappingProxyType({"$eq": "ann"})}))
    assert checked == {"$subject.id": {"$eq": "ann"}}
    assert type(checked["$subject.id"]) is dict
    assert check_condition(MappingProxyType({})) == {}


@pytest.mark.parametrize(
    ("condition", "line"),
    [
        ({}, "{}"),
        ({"$subject.plan": {"$in": ["é", 1, True]}}, '{"$subject.plan":{"$in":["é",1,true]}}'),
        ({"$subject.id": "a\u202eb\x7f\n"}, '{"$subject.id":"a\\u202eb\\x7f\\n"}'),
    ],
)
def test_a_condition_is_described_in_one_line(condition: dict[str, Any], line: str) -> None:
    assert describe(condition) == line
    assert describe(MappingProxyType(condition)) == line


@pytest.mark.parametrize("text", ["x", "\x7f"])
def test_a_long_description_is_cut(text: str) -> None:
    line = describe({"$subject.id": text * 500})
    assert len(line) == 200
    assert line.endswith("...")


def test_a_description_of_200_characters_is_whole() -> None:
    condition = {"$subject.id": "x" * (200 - len('{"$subject.id":""}'))}
    assert json.loads(describe(condition)) == condition
