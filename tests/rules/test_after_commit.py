"""Rules after a commit: what they do to records, once, and what they leave in the log."""

from __future__ import annotations

import pytest

from tests.app import Client
from tests.rules.house import LOAN, House, Json, rule

CREATED = {"object": "loan", "event": "created"}


def test_a_rule_creates_a_record_with_values_of_the_other(house: House) -> None:
    keeper = house.person("kim@example.org")
    member = house.client.made("member", name="Ada", keeper={"user": keeper})
    house.define(
        rule(
            "write",
            CREATED,
            {
                "create": "letter",
                "set": {
                    "name": "'About ' & title",
                    "member": "member",
                    "keeper": "member.keeper",
                    "about": "record",
                    "fee": "fee * 2",
                    "wanted": "due + days(1)",
                    "copies": 2,
                },
            },
            when="member != null",
        )
    )
    loan = house.client.made(
        "loan",
        name="Emma",
        member=member["id"],
        due="2026-07-01",
        fee={"amount": "1.25", "currency": "EUR"},
    )
    house.work()
    (letter,) = house.client.rows("/api/records/letter")
    assert letter["name"] == "About Emma"
    assert letter["member"] == member["id"]
    assert letter["keeper"] == {"user": keeper}
    assert letter["about"] == {"object": "loan", "id": loan["id"]}
    assert letter["fee"] == {"amount": "2.50", "currency": "EUR"}
    assert letter["wanted"] == "2026-07-02"
    assert letter["copies"] == "2"
    assert letter["created_by"] is None
    (entry,) = house.client.rows(f"/api/records/letter/{letter['id']}/history")
    assert entry["rule"] == "write"
    (run,) = house.runs("write")
    assert run["outcome"] == "done"
    assert run["trace"]["lines"][-1] == "It created the letter About Emma."
    house.work()
    assert len(house.client.rows("/api/records/letter")) == 1


def test_the_log_says_why_a_rule_did_nothing(house: House) -> None:
    house.define(
        rule(
            "big", CREATED, {"update": {"set": {"level": 1}}}, when="fee > 10 and status == 'open'"
        )
    )
    house.client.made("loan", name="Emma", fee={"amount": "2.00", "currency": "EUR"})
    house.work()
    (run,) = house.runs("big")
    assert run["outcome"] == "not_met"
    assert "fee > 10" in run["trace"]["lines"][0]
    assert "status is Open" in run["trace"]["lines"][0]
    assert house.client.rows("/api/rules/big/runs", outcome="done") == []


def test_each_updates_a_collection_and_where_knows_both_records(house: House) -> None:
    house.define(
        rule(
            "bar",
            {"object": "member", "event": "updated", "fields": ["standing"]},
            {
                "update": {
                    "each": "loans",
                    "where": "status == 'open' and record.standing == 'barred'",
                    "set": {"status": "'late'", "name": "name & ' of ' & record.name"},
                }
            },
            when="changed(standing)",
        )
    )
    member = house.client.made("member", name="Ada")
    for name, status in (("a", "open"), ("b", "returned"), ("c", "open")):
        house.client.made("loan", name=name, status=status, member=member["id"])
    house.client.patch(f"/api/records/member/{member['id']}", {"standing": "barred"})
    house.work()
    loans = house.client.rows("/api/records/loan", sort="name")
    assert [loan["name"] for loan in loans] == ["a of Ada", "b", "c of Ada"]
    assert house.outcomes("bar") == ["done"]


def test_each_sees_what_the_one_before_was_given(house: House) -> None:
    """They are written together, and still one after another."""
    client = house.client
    fields = [*LOAN["fields"], {"name": "after", "kind": "lookup", "to": "loan"}]
    first = "coalesce(after.level, 0) + 1"
    house.define(
        {**LOAN, "fields": fields},
        rule(
            "count",
            {"object": "member", "event": "updated"},
            {"update": {"each": "loans", "set": {"level": first}}},
        ),
    )
    member = client.made("member", name="Ann")["id"]
    before = None
    for name in "abcd":
        before = client.made("loan", name=name, member=member, after=before)["id"]
    client.patch(f"/api/records/member/{member}", {"points": "1"})
    house.work()
    loans = client.rows("/api/records/loan?sort=name")
    assert [loan["level"] for loan in loans] == ["1", "2", "3", "4"]
    assert [loan["rev"] for loan in loans] == [2, 2, 2, 2]


def test_each_follows_a_look_up(house: House) -> None:
    house.define(
        rule("reward", CREATED, {"update": {"each": "member", "set": {"points": "points + 5"}}})
    )
    member = house.client.made("member", name="Ada")
    house.client.made("loan", name="Emma", member=member["id"])
    house.client.made("loan", name="Persuasion")
    house.work()
    assert house.client.get(f"/api/records/member/{member['id']}").json()["points"] == "5"
    assert house.outcomes("reward") == ["done", "done"]


def test_delete_puts_records_into_the_bin(house: House) -> None:
    house.define(
        rule(
            "tidy",
            {"object": "loan", "event": "updated", "fields": ["status"]},
            {"delete": {}},
            when="status == 'returned'",
        )
    )
    loan = house.client.made("loan", name="Emma")
    house.client.patch(f"/api/records/loan/{loan['id']}", {"status": "returned"})
    house.work()
    assert house.client.get(f"/api/records/loan/{loan['id']}").status == 404
    assert len(house.client.rows("/api/records/loan", deleted="true")) == 1


def test_an_effect_sees_the_values_of_its_own_commit(house: House) -> None:
    house.define(
        rule(
            "note",
            {"object": "loan", "event": ["created", "updated"]},
            {
                "create": "letter",
                "set": {"name": "title & ' ' & text(was(level)) & '>' & text(level)"},
            },
            when="changed(level)",
        )
    )
    loan = house.client.made("loan", name="Emma", level="1")
    for level in ("2", "3"):
        house.client.patch(f"/api/records/loan/{loan['id']}", {"level": level, "name": f"E{level}"})
    house.work()
    names = [
        letter["name"] for letter in house.client.rows("/api/records/letter", sort="created_at,id")
    ]
    assert names == ["Emma >1", "E2 1>2", "E3 2>3"]


def test_increased_asks_for_the_difference(house: House) -> None:
    house.define(
        rule(
            "jump",
            {"object": "loan", "event": "updated"},
            {"create": "letter", "set": {"name": "'jump to ' & text(level)"}},
            when="increased(level, 10)",
        )
    )
    loan = house.client.made("loan", name="Emma", level="1")
    for level in ("5", "15", "24", "34"):
        house.client.patch(f"/api/records/loan/{loan['id']}", {"level": level})
    house.work()
    names = sorted(letter["name"] for letter in house.client.rows("/api/records/letter"))
    assert names == ["jump to 15", "jump to 34"]


def test_a_failing_action_undoes_the_run_and_is_seen(house: House) -> None:
    long = "'" + "x" * 60 + "'"
    house.define(
        rule(
            "two",
            CREATED,
            {"create": "letter", "set": {"name": "'fits'"}},
            {"create": "letter", "set": {"name": long}},
        ),
        rule("other", CREATED, {"update": {"set": {"level": "7"}}}),
    )
    loan = house.client.made("loan", name="Emma")
    house.work()
    assert house.client.rows("/api/records/letter") == []
    (run,) = house.runs("two")
    assert run["outcome"] == "failed"
    assert "rolled back" in run["trace"]["lines"][-1]
    assert run["trace"]["effects"] == []
    assert house.client.get(f"/api/records/loan/{loan['id']}").json()["level"] == "7"


def test_run_as_limits_what_a_rule_may_do(house: House) -> None:
    house.define(
        {
            "kind": "role",
            "name": "robot",
            "grants": [{"object": "loan", "can": ["read"]}, {"object": "letter", "can": ["read"]}],
        },
        rule("act", CREATED, {"create": "letter", "set": {"name": "'x'"}}, run_as="robot"),
    )
    house.client.made("loan", name="Emma")
    house.work()
    assert house.client.rows("/api/records/letter") == []
    assert "do not allow" in house.runs("act")[0]["trace"]["lines"][-1]


def test_limits_hold_back_a_storm(house: House) -> None:
    house.define(
        rule("few", CREATED, {"create": "letter", "set": {"name": "name"}}, limits={"per_hour": 2})
    )
    for name in "abcd":
        house.client.made("loan", name=name)
    house.work()
    assert sorted(house.outcomes("few")) == ["done", "done", "limited", "limited"]
    assert len(house.client.rows("/api/records/letter")) == 2


def test_deleted_and_restored_set_rules_off(house: House) -> None:
    house.define(
        rule(
            "gone",
            {"object": "loan", "event": "deleted"},
            {"create": "letter", "set": {"name": "'gone ' & name"}},
        ),
        rule(
            "back",
            {"object": "loan", "event": "restored"},
            {"create": "letter", "set": {"name": "'back ' & name"}},
        ),
    )
    loan = house.client.made("loan", name="Emma")
    house.client.delete(f"/api/records/loan/{loan['id']}")
    house.client.post(f"/api/records/loan/{loan['id']}/restore")
    house.work()
    names = sorted(letter["name"] for letter in house.client.rows("/api/records/letter"))
    assert names == ["back Emma", "gone Emma"]


def test_a_loop_onto_itself_runs_once(house: House) -> None:
    house.define(
        rule(
            "self",
            {"object": "loan", "event": ["created", "updated"]},
            {"update": {"set": {"level": "coalesce(level, 0) + 1"}}},
        )
    )
    loan = house.client.made("loan", name="Emma")
    house.work()
    assert house.client.get(f"/api/records/loan/{loan['id']}").json()["level"] == "1"
    assert house.outcomes("self") == ["done", "skipped"]
    assert "chain" in house.runs("self")[0]["trace"]["lines"][0]


def test_two_rules_that_set_each_other_off_end(house: House) -> None:
    count: Json = {"update": {"set": {"level": "coalesce(level, 0) + 1"}}}
    on = {"object": "loan", "event": "updated"}
    house.define(rule("ping", on, count), rule("pong", on, count))
    loan = house.client.made("loan", name="Emma")
    house.client.patch(f"/api/records/loan/{loan['id']}", {"name": "Go"})
    house.work()
    # Both count on for the person's change, neither on what the other one read; what each did
    # sets the other one off, and there it ends.
    assert house.client.get(f"/api/records/loan/{loan['id']}").json()["level"] == "4"
    outcomes = house.outcomes("ping") + house.outcomes("pong")
    assert sorted(outcomes) == ["done"] * 4 + ["skipped"] * 6


def test_a_chain_over_new_records_ends_at_the_limit(house: House) -> None:
    house.define(
        rule(
            "a",
            {"object": "loan", "event": "created"},
            {"create": "letter", "set": {"name": "name"}},
        ),
        rule(
            "b",
            {"object": "letter", "event": "created"},
            {"create": "loan", "set": {"name": "name"}},
        ),
    )
    house.client.made("loan", name="Emma")
    house.work()
    loans, letters = (house.client.rows(f"/api/records/{name}") for name in ("loan", "letter"))
    assert (len(loans), len(letters)) == (5, 4)
    assert house.outcomes("a") == ["done"] * 4 + ["skipped"]


def test_me_is_the_person_who_caused_it(house: House) -> None:
    house.define(
        rule("mine", CREATED, {"create": "letter", "set": {"name": "me.name", "keeper": "me"}})
    )
    house.client.made("loan", name="Emma")
    house.work()
    (letter,) = house.client.rows("/api/records/letter")
    me = house.client.get("/api/me").json()
    assert letter["keeper"] == {"user": me["id"]}


def test_a_button_acts_at_once(house: House) -> None:
    house.define(
        rule(
            "give_back",
            {"object": "loan", "button": "Give back"},
            {"update": {"set": {"status": "'returned'"}}},
            when="status == 'open'",
        )
    )
    loan = house.client.made("loan", name="Emma")
    path = f"/api/records/loan/{loan['id']}/actions/give_back"
    reply = house.client.post(path)
    assert reply.status == 200
    assert reply.json()["status"] == "returned"
    again = house.client.post(path)
    assert again.status == 409
    assert again.json()["detail"] == "Give back is not possible now."
    assert house.client.post(f"/api/records/loan/{loan['id']}/actions/other").status == 404


def test_who_may_only_read_a_record_presses_no_button(house: House) -> None:
    house.define(
        rule(
            "give_back",
            {"object": "loan", "button": "Give back"},
            {"update": {"set": {"status": "'returned'"}}},
        ),
        {"kind": "role", "name": "reader", "label": "Reader",
         "grants": [{"object": "loan", "can": ["read"]}]},
        {"kind": "role", "name": "keeper", "label": "Keeper",
         "grants": [{"object": "loan", "can": ["read"]},
                    {"object": "loan", "can": ["update"], "where": "name == 'Emma'"}]},
    )  # fmt: skip
    loan, other = (house.client.made("loan", name=name) for name in ("Emma", "Persuasion"))
    for role, allowed in (("reader", []), ("keeper", [loan])):
        person = house.client.person(f"{role}@example.org", role)
        for record in (loan, other):
            path = f"/api/records/loan/{record['id']}/actions/give_back"
            status = person.post(path).status
            assert status == (200 if record in allowed else 403), (role, record["name"])
    assert house.client.get(f"/api/records/loan/{other['id']}").json()["status"] == "open"


def test_a_record_offers_the_buttons_that_are_possible_now(house: House) -> None:
    give_back: Json = {"object": "loan", "button": "Give back"}
    returned: Json = {"update": {"set": {"status": "'returned'"}}}
    house.define(
        rule("give_back", give_back, returned, when="status == 'open'"),
        rule("lose", {"object": "loan", "button": "Lose it"}, returned, active=False),
    )
    loan = house.client.made("loan", name="Emma")
    page = f"/o/loan/{loan['id']}"
    shown = house.client.get(page).text
    assert f'action="{page}/actions/give_back"' in shown and "Give back" in shown
    assert "Lose it" not in shown  # the rule is switched off
    house.client.patch(f"/api/records/loan/{loan['id']}", {"status": "returned"})
    assert "Give back" not in house.client.get(page).text


def test_a_button_is_for_the_roles_that_it_names(house: House) -> None:
    on: Json = {
        "object": "loan", "button": "Sign", "allow": ["clerk"], "when": "level > 3",
        "message": "Only loans above level 3 are signed.",
    }  # fmt: skip
    reading: Json = {"object": "loan", "can": ["read"], "fields": {"level": "none"}}
    house.define(
        {"kind": "role", "name": "clerk", "label": "Clerk", "grants": [reading]},
        {"kind": "role", "name": "head_clerk", "inherits": ["clerk"]},
        {"kind": "role", "name": "editor", "grants": [{"object": "loan", "can": ["*"]}]},
        rule("sign", on, {"update": {"set": {"status": "'late'"}}}),
    )
    low = house.client.made("loan", name="Emma", level="1")
    people = {
        name: house.client.person(f"{name}@example.org", name)
        for name in ("clerk", "head_clerk", "editor")
    }
    for name, person in people.items():
        loan = house.client.made("loan", name="Persuasion", level="5")
        page, allowed = f"/o/loan/{loan['id']}", name != "editor"
        assert (f"{page}/actions/sign" in person.get(page).text) is allowed
        reply = person.post(f"/api/records/loan/{loan['id']}/actions/sign")
        if allowed:  # with the rights of the rule, not of who pressed it
            assert reply.status == 200 and reply.json()["status"] == "late"
        else:
            assert reply.status == 403 and reply.json()["detail"] == "Sign is for Clerk."
        assert "actions/sign" not in person.get(f"/o/loan/{low['id']}").text
    reply = people["clerk"].post(f"/api/records/loan/{low['id']}/actions/sign")
    assert reply.status == 409
    assert reply.json()["detail"] == "Only loans above level 3 are signed."
    assert house.client.get(f"/api/records/loan/{low['id']}").json()["status"] == "open"


def test_a_button_is_offered_only_on_records_that_one_may_change(house: House) -> None:
    house.define(
        {"kind": "role", "name": "keeper", "grants": [
            {"object": "loan", "can": ["read"]},
            {"object": "loan", "can": ["update"], "where": "name == 'Emma'"}]},
        rule("back", {"object": "loan", "button": "Give back"},
             {"update": {"set": {"status": "'returned'"}}}),
    )  # fmt: skip
    keeper = house.client.person("keeper@example.org", "keeper")
    for name in ("Emma", "Persuasion"):
        page = f"/o/loan/{house.client.made('loan', name=name)['id']}"
        assert ("Give back" in keeper.get(page).text) is (name == "Emma")


def test_a_button_tells_nothing_that_its_rule_has_read(house: House) -> None:
    house.define(
        {"kind": "role", "name": "clerk", "grants": [
            {"object": "loan", "can": ["read", "update"], "fields": {"level": "none"}}]},
        rule("sign", {"object": "loan", "button": "Sign"},
             {"create": "letter", "set": {"name": "name", "copies": "level"}},
             when="level > 987"),
    )  # fmt: skip
    loan = house.client.made("loan", name="Emma", level="977")
    clerk = house.client.person("clerk@example.org", "clerk")
    reply = clerk.post(f"/api/records/loan/{loan['id']}/actions/sign")
    assert reply.status == 409 and "977" not in reply.told and "987" not in reply.told


def test_a_button_may_take_the_record_out_of_sight(house: House) -> None:
    house.define(
        {"kind": "role", "name": "keeper", "grants": [
            {"object": "loan", "can": ["read", "update"], "where": "status == 'open'"}]},
        rule("back", {"object": "loan", "button": "Give back"},
             {"update": {"set": {"status": "'returned'"}}}),
    )  # fmt: skip
    loan = house.client.made("loan", name="Emma")
    keeper = house.client.person("keeper@example.org", "keeper")
    path = f"/api/records/loan/{loan['id']}/actions/back"
    assert keeper.post(path).json() == {"id": loan["id"], "rev": 2}
    assert keeper.post(path).status == 404
    house.define(rule("drop", {"object": "loan", "button": "Drop"}, {"delete": {}}))
    path = f"/api/records/loan/{loan['id']}/actions/drop"
    assert house.client.post(path).json()["id"] == loan["id"]
    assert house.client.get(f"/api/records/loan/{loan['id']}").status == 404


@pytest.mark.parametrize("path", ["/api/rules/none/runs"])
def test_an_unknown_rule_is_not_found(house: House, path: str) -> None:
    assert house.client.get(path).status == 404


def test_an_inactive_rule_does_nothing(house: House) -> None:
    house.define(rule("off", CREATED, {"create": "letter", "set": {"name": "name"}}, active=False))
    house.client.made("loan", name="Emma")
    house.work()
    assert house.runs("off") == []


def test_a_web_form_sets_its_rules_off(house: House) -> None:
    form: Json = {
        "kind": "webform",
        "name": "ask",
        "object": "loan",
        "slug": "ask",
        "steps": [{"name": "what", "fields": [{"field": "name"}]}],
        "spam": {"api": True, "min_seconds": 0},
    }
    house.define(
        form, rule("asked", {"webform": "ask"}, {"create": "letter", "set": {"name": "name"}})
    )
    house.client.made("loan", name="by hand")
    assert Client(house.client.app).post("/forms/ask", {"name": "from outside"}).status == 201
    house.work()
    assert [row["name"] for row in house.client.rows("/api/records/letter")] == ["from outside"]
