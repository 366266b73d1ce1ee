"""Conditions evaluate as the second evaluator does, and whatever is malformed is refused or denies."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.domain.conditions import About, check_condition, compile_condition, describe
from rolecall.domain.errors import InvalidInput
from tests.condition_oracle import holds

Thing = dict[str, Any]

# Small pools, so that what is asked and what is there meet often.
WORDS: Final = ("a", "b", "ann", "", "red", "call-member", "call_member")
NUMBERS: Final = (0, 1, 2, -1, 1.0, 1.5, 2**53, 2.0**53, 2**53 + 1, 1e300)
NAMES: Final = ("plan", "age", "tags", "org", "custom", "id2")
BUILT_IN: Final = (
    "$subject.id", "$subject.role", "$subject.teams", "$resource.id", "$resource.type", "$resource.cid",
    "$resource.team", "$resource.created_by_id",
)  # fmt: skip


def about(subject: Thing, resource: Thing) -> About:
    """Return what the compiled condition looks at; custom data goes through JSON, as it does in the store."""
    return About(
        subject["id"],
        subject["role"],
        tuple(subject["teams"]),
        json.dumps(subject["custom"]) if subject["custom"] else "",
        resource["id"],
        resource["type"],
        resource["cid"],
        resource["team"],
        resource["created_by_id"],
        json.dumps(resource["custom"]),
    )


# --- well-formed conditions ------------------------------------------------------------------------------------------

scalars = st.sampled_from((*WORDS, *NUMBERS, True, False))
ordered = st.sampled_from((*WORDS, *NUMBERS))
names = st.sampled_from(NAMES)
fields = st.one_of(
    st.sampled_from(BUILT_IN),
    st.builds(
        lambda whose, custom, path: ".".join((whose, *custom, *path)),
        st.sampled_from(("$subject", "$resource")),
        st.sampled_from(((), ("custom",))),
        st.lists(names.filter(lambda name: name != "custom"), min_size=1, max_size=3),
    ),
)
comparisons = st.one_of(
    st.tuples(st.sampled_from(("$eq", "$ne")), scalars),
    st.tuples(st.sampled_from(("$gt", "$gte", "$lt", "$lte")), ordered),
    st.tuples(st.sampled_from(("$in", "$nin")), st.lists(scalars, max_size=3)),
    st.tuples(st.just("$exists"), st.booleans()),
)


@st.composite
def operators(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """Draw an object of operators, `$not` among them."""
    pairs = dict(draw(st.lists(comparisons, min_size=1, max_size=3)))
    if depth and draw(st.integers(0, 3)) == 0:
        pairs["$not"] = draw(operators(depth=depth - 1))
    return pairs


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> dict[str, Any]:
    """Draw a well-formed condition: at most 4 objects of logic, over at most 4 of a field."""
    condition: dict[str, Any] = {}
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(("field", "field", "$and", "$or", "$not") if depth else ("field",)))
        if kind == "field":
            condition[draw(fields)] = draw(scalars | operators())
        elif kind == "$not":
            condition["$not"] = draw(conditions(depth=depth - 1))
        else:
            condition[kind] = [draw(conditions(depth=depth - 1)) for _ in range(draw(st.integers(1, 3)))]
    return condition


leaves = st.one_of(scalars, scalars, st.none())
custom_values = st.recursive(
    leaves | st.lists(leaves, max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
custom_data = st.dictionaries(names, custom_values, max_size=5)
words = st.sampled_from(WORDS)
subjects = st.fixed_dictionaries(
    {"id": words, "role": words, "teams": st.lists(words, max_size=3), "custom": custom_data}
)
resources = st.fixed_dictionaries(
    {"id": words, "type": words, "cid": words, "team": words, "created_by_id": words, "custom": custom_data}
)


@settings(max_examples=150)
@given(conditions(), st.lists(st.tuples(subjects, resources), min_size=1, max_size=3))
def test_a_condition_holds_exactly_where_the_second_evaluator_says_so(
    condition: dict[str, Any], pairs: list[tuple[Thing, Thing]]
) -> None:
    checked = check_condition(condition)
    as_sent, as_stored = compile_condition(condition), compile_condition(json.loads(json.dumps(checked)))
    for subject, resource in pairs:
        expected = holds(condition, subject, resource)
        assert as_sent(about(subject, resource)) is expected
        assert as_stored(about(subject, resource)) is expected


@settings(max_examples=150)
@given(fields, operators(), st.data())
def test_one_field_compares_as_the_second_evaluator_does_where_it_is_there(
    field: str, wanted: dict[str, Any], data: st.DataObject
) -> None:
    subject, resource = data.draw(subjects), data.draw(resources)
    whose, *path = field.split(".")
    if field not in BUILT_IN:
        path = path[1:] if path[0] == "custom" else path
        value: Any = data.draw(custom_values)
        for name in reversed(path):
            value = {name: value}
        (subject if whose == "$subject" else resource)["custom"] = value
    condition = {field: wanted}
    assert compile_condition(condition)(about(subject, resource)) is holds(condition, subject, resource)


@given(conditions())
def test_checking_is_of_the_meaning_only_once(condition: dict[str, Any]) -> None:
    checked = check_condition(condition)
    assert check_condition(checked) == checked
    assert len(describe(checked)) <= 200
    assert describe(checked).isprintable()


# --- malformed ones --------------------------------------------------------------------------------------------------


def nested(depth: int, wrap: Callable[[Any], Any], core: Any) -> Any:
    """Return `core` wrapped so many times, far deeper than recursion goes."""
    for _ in range(depth):
        core = wrap(core)
    return core


def in_itself() -> Any:
    """Return a condition that holds itself."""
    condition: dict[str, Any] = {}
    condition["$and"] = [condition]
    return condition


VAST: Final[tuple[Any, ...]] = (
    {"$in": ["x"] * 100_000},
    {f"$subject.a{number}": number for number in range(10_000)},
    nested(20_000, lambda inner: {"$not": inner}, {"$subject.id": "ann"}),
    nested(20_000, lambda inner: {"$and": [inner]}, {"$subject.id": "ann"}),
    nested(20_000, lambda inner: [inner], 1),
)
GARBAGE: Final[tuple[Callable[[random.Random], Any], ...]] = (
    lambda _: None,
    lambda _: {},
    lambda _: [],
    lambda _: [None],
    lambda _: [{}],
    lambda _: float("nan"),
    lambda _: float("-inf"),
    lambda _: 10**400,
    lambda _: 10**5000,
    lambda _: "\ud800",
    lambda _: "\x00\u2028\u202e",
    lambda _: "$subject.id",
    lambda _: "x" * 9000,
    lambda _: "é" * 5000,
    lambda _: [1] * 5000,
    lambda rng: rng.choice(VAST),
    lambda rng: nested(rng.randint(1, 9), lambda inner: {"$not": inner}, {"$subject.id": {"$ne": "ann"}}),
    lambda _: in_itself(),
    lambda _: b"ann",
    lambda _: ("ann", "bob"),
    lambda _: {"ann"},
    lambda _: Decimal(1),
    lambda _: 1 + 2j,
    lambda _: object(),
    lambda _: random.Random,
    lambda _: {"$eq": {"$eq": 1}},
    lambda _: {"$regex": "^a"},
    lambda rng: rng.choice((*WORDS, *NUMBERS, True, False)),
)
ODD_KEYS: Final[tuple[Any, ...]] = (
    "", "$", "$nor", "$And", " $and", "$and ", "and", "$eq", "$exist", "$gt", "$in", "$not", "$or", "$subject",
    "$subject.", "$subject.custom", "$subject.custom.", "$subject..id", "$subject.id.", "$subject.id.x", "subject.id",
    "$resource", "$Subject.id", "$resource.a..b", "$resource.\ud800", "$resource." + "k" * 9000, "$where",
    None, 1, 1.5, True, (), b"$and", float("nan"), "\x00", "a" * 300, "$subject.id\n", "$subject.role",
)  # fmt: skip


def well_formed(rng: random.Random, depth: int = 3) -> Any:
    """Return a condition, made without hypothesis: thousands of them take no time."""
    kind = rng.randrange(6) if depth else 0
    if kind == 4:
        return {rng.choice(("$and", "$or")): [well_formed(rng, depth - 1) for _ in range(rng.randint(1, 3))]}
    if kind == 5:
        return {"$not": well_formed(rng, depth - 1)}
    field = rng.choice((*BUILT_IN, "$subject.plan", "$subject.custom.age", "$resource.tags", "$resource.org.tier"))
    operand = rng.choice((*WORDS, *NUMBERS))
    name = rng.choice(("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$not", ""))
    shaped = {"$in": [operand], "$nin": [operand], "$exists": rng.random() < 0.5, "$not": {"$eq": operand}}
    return {field: {name: shaped.get(name, operand)} if name else operand}


def mutated(rng: random.Random, value: Any) -> Any:
    """Return a value with one place of it bent, the deeper ones too."""
    if isinstance(value, dict) and value and rng.random() < 0.75:
        return bent_object(rng, value)
    if isinstance(value, list) and value and rng.random() < 0.75:
        place = rng.randrange(len(value))
        return [*value[:place], mutated(rng, value[place]), *value[place + 1 :]]
    if rng.random() < 0.2:
        return rng.choice(({"$not": value}, {"$and": [value]}, {"$eq": value}, [value], (value,)))
    return rng.choice(GARBAGE)(rng)


def bent_object(rng: random.Random, value: dict[Any, Any]) -> dict[Any, Any]:
    """Return an object with one entry bent, renamed, doubled under another name, added or gone."""
    key = rng.choice(list(value))
    rest = {other: inner for other, inner in value.items() if other is not key}
    odd = rng.choice(ODD_KEYS)
    match rng.randrange(8):
        case 0:
            return {**rest, odd: value[key]}
        case 1:
            return {**value, odd: rng.choice(GARBAGE)(rng)}
        case 2:
            return {**value, f"{key} ": value[key], str(key).replace(".", ".custom.", 1): value[key]}
        case 3:
            return rest
        case _:
            return {**rest, key: mutated(rng, value[key])}


def raw_conditions(rng: random.Random) -> Any:
    """Return something that is probably no condition."""
    if rng.random() < 0.1:
        return rng.choice(GARBAGE)(rng)
    raw = well_formed(rng)
    for _ in range(rng.randint(1, 3)):
        raw = mutated(rng, raw)
    return raw


EMPTY: Final[Thing] = {"id": "", "role": "", "teams": [], "type": "", "cid": "", "team": "", "created_by_id": "",
                       "custom": {}}  # fmt: skip
FULL: Final[Thing] = {**dict.fromkeys(EMPTY, "ann"), "role": "call_member", "teams": ["red", "a"],
                      "custom": {"plan": "a", "age": 1, "tags": ["a", 2], "org": {"tier": True}}}  # fmt: skip
NUMERIC: Final[Thing] = {**dict.fromkeys(EMPTY, "b"), "teams": ["b"],
                         "custom": {"plan": None, "age": 1e301, "tags": [], "org": {"tier": -1}}}  # fmt: skip
ABOUTS: Final = [(who, what, about(who, what)) for who in (EMPTY, FULL, NUMERIC) for what in (EMPTY, FULL, NUMERIC)]


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_bent_conditions_are_refused_at_their_place_or_mean_what_they_say(seed: int) -> None:
    rng = random.Random(seed)
    refused = 0
    for _ in range(1000):
        raw = raw_conditions(rng)
        try:
            checked = check_condition(raw)
        except InvalidInput as refusal:
            refused += 1
            check_refusal(refusal, raw)
        else:
            check_meaning(raw, checked)
    assert 500 < refused < 1000, "the mutations bend too little or too much to show anything"


def check_refusal(refusal: InvalidInput, raw: Any) -> None:
    """A refusal has a place and can be printed; the condition denies, inside other logic as well."""
    assert refusal.field == "condition" or refusal.field.startswith(("condition.", "condition["))
    assert refusal.message.startswith(f"`{refusal.field}` ")
    (refusal.field + refusal.message).encode()
    assert len(refusal.message) < 2500
    condition = compile_condition(raw)
    assert not any(condition(where) for _, _, where in ABOUTS), raw


def check_meaning(raw: Any, checked: dict[str, Any]) -> None:
    """What is accepted is plain JSON of the allowed size that means what was sent."""
    assert len(json.dumps(checked, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()) <= 8192
    condition = compile_condition(raw)
    for subject, resource, where in ABOUTS:
        assert condition(where) is holds(raw, subject, resource), raw
