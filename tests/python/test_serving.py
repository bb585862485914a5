from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from regear._jobs import Executor
from regear._sealing import Sealer
from regear._serving import STRANGER, Recipe, Serving
from regear.errors import (
    RecipeError,
    TargetError,
    TargetUnavailable,
    VersionConflict,
)

NewServing = Callable[..., Serving]
CONFLICT = "Found a version which is greater or equals current version, aborting."


def execute(engine, serving: Serving, *words: str, job: int = 1) -> tuple[bool, str]:
    arguments = [word.encode() for word in words]
    Executor(engine, serving).run(SimpleNamespace(id=job, arguments=arguments))
    return engine.answers[job]


def load(serving: Serving, source: str) -> Recipe:
    recipe = Recipe("recipe.py", source)
    try:
        serving.load(recipe)
    except Exception as error:
        raise getattr(error, "cause", error) from None
    return recipe


def test_script_registers_and_its_worker_runs(engine, new_serving, recipe) -> None:
    assert execute(engine, new_serving(), recipe()) == (True, "OK")
    (rule,) = engine.rules.values()
    assert rule["name"] == "Persons"
    assert engine.workers["Persons"]["stream"] == rule["stream"]


def test_script_without_registration_leaves_nothing(engine, new_serving) -> None:
    assert execute(engine, new_serving(), "x = 1") == (True, "OK")
    assert not engine.rules
    assert not engine.blobs


def test_failed_script_registers_nothing(engine, new_serving, recipe) -> None:
    ok, text = execute(engine, new_serving(), recipe() + "\nboom")
    assert not ok
    assert text.startswith("['Traceback (most recent call last):\\n', ")
    assert not engine.rules


def test_target_that_needs_an_operator_fails_the_script(
    engine, new_serving, recipe
) -> None:
    engine.target_error = TargetError("no such table: persons", "CREATE TABLE persons")
    ok, text = execute(engine, new_serving(), recipe())
    assert not ok
    assert "no such table: persons (try: CREATE TABLE persons)" in text
    assert '  File "<string>", line 5, in <module>' in text
    assert not engine.rules


def test_target_that_is_away_is_registered_with_a_warning(
    engine, new_serving, recipe
) -> None:
    engine.target_error = TargetUnavailable("connection refused")
    assert execute(engine, new_serving(), recipe())[0]
    assert len(engine.rules) == 1
    (line,) = engine.lines
    assert line[0] == "warning"
    assert "connection refused" in line[1]


def test_warning_about_a_target_is_logged(engine, new_serving, recipe) -> None:
    engine.target_warnings = [
        {"blocks": False, "message": "email is NOT NULL", "hint": "ALTER TABLE"}
    ]
    assert execute(engine, new_serving(), recipe())[0]
    assert len(engine.rules) == 1
    (line,) = engine.lines
    assert line[0] == "warning"
    assert "email is NOT NULL (try: ALTER TABLE)" in line[1]


@pytest.mark.parametrize("secret", ["PgPassword", "hidden!"])
def test_nothing_of_a_script_is_stored_in_the_clear(
    engine, new_serving, recipe, secret
) -> None:
    execute(engine, new_serving(), recipe() + f"\nx = {secret!r}")
    (blob,) = engine.blobs.values()
    assert secret.encode() not in blob
    assert secret not in str(engine.rules)


def test_higher_version_replaces(engine, new_serving, recipe) -> None:
    serving = new_serving()
    execute(engine, serving, recipe("1.0.0"))
    assert execute(engine, serving, recipe("1.0.1"), job=2) == (True, "OK")
    (rule,) = engine.rules.values()
    assert rule["version"] == "1.0.1"
    assert len(engine.blobs) == 1


@pytest.mark.parametrize("version", ["1.0.0", "0.9", None])
def test_same_or_older_version_fails(engine, new_serving, recipe, version) -> None:
    serving = new_serving()
    execute(engine, serving, recipe("1.0.0"))
    ok, text = execute(engine, serving, recipe(version), job=2)
    assert not ok
    assert CONFLICT in text
    (rule,) = engine.rules.values()
    assert rule["version"] == "1.0.0"


def test_no_version_over_no_version_replaces(engine, new_serving, recipe) -> None:
    serving = new_serving()
    execute(engine, serving, recipe())
    assert execute(engine, serving, recipe(), job=2)[0]
    assert len(engine.rules) == 1
    assert len(engine.workers) == 1


def test_names_are_compared_exactly(engine, new_serving, recipe) -> None:
    serving = new_serving()
    execute(engine, serving, recipe("1.0.0", name="Persons2"))
    assert execute(engine, serving, recipe("1.0.0", name="Persons"), job=2)[0]
    assert sorted(engine.workers) == ["Persons", "Persons2"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["ID", "one"], "Session one already exists"),
        (
            ["ID", "one", "UPGRADE", "REPLACE_WITH", "x"],
            "Can not replace an existing session one with x",
        ),
        (
            ["ID", "two", "REPLACE_WITH", "x"],
            "Can not replace with x, session does not exists.",
        ),
        (["BOGUS"], "Unknown arguments were given: BOGUS"),
    ],
)
def test_session_options_are_checked(
    engine, new_serving, recipe, words, answer
) -> None:
    serving = new_serving()
    execute(engine, serving, recipe(), "ID", "one")
    assert execute(engine, serving, "x = 1", *words, job=2) == (False, answer)


def test_upgrade_takes_all_old_registrations_away(engine, new_serving, recipe) -> None:
    serving = new_serving()
    both = recipe(name="A") + recipe(name="B")
    execute(engine, serving, both, "ID", "one")
    assert execute(engine, serving, recipe(name="A"), "ID", "one", "UPGRADE", job=2)[0]
    assert list(engine.workers) == ["A"]
    assert list(engine.blobs) == ["one"]


def test_upgrade_without_registrations_unregisters(engine, new_serving, recipe) -> None:
    serving = new_serving()
    execute(engine, serving, recipe(), "ID", "one")
    ok, _ = execute(engine, serving, "x = 1", "ID", "two", "REPLACE_WITH", "one", job=2)
    assert ok
    assert not engine.rules
    assert not engine.workers


def test_missing_requirement_is_named(engine, new_serving, recipe) -> None:
    ok, text = execute(
        engine, new_serving(), recipe(), "REQUIREMENTS", "rgsync", "no-such-thing"
    )
    assert not ok
    assert "satisfy requirements" in text
    assert "no-such-thing" in text


def test_embedded_host_runs_no_scripts_of_others(engine, new_serving) -> None:
    Executor(engine, new_serving()).refuse(SimpleNamespace(id=5))
    assert engine.answers[5] == (False, STRANGER)


def test_loading_the_same_source_attaches(engine, new_serving, recipe) -> None:
    first = load(new_serving(), recipe("1.0.0"))
    rules = dict(engine.rules)
    second = load(new_serving(), recipe("1.0.0"))
    assert engine.rules == rules
    assert second.session_id == first.session_id
    assert list(engine.workers) == ["Persons"]


def test_loading_an_edited_recipe_wants_a_higher_version(
    engine, new_serving, recipe
) -> None:
    load(new_serving(), recipe("1.0.0"))
    with pytest.raises(VersionConflict, match=r"raise the version above 1\.0\.0"):
        load(new_serving(), recipe("1.0.0") + "# edited")
    load(new_serving(), recipe("1.0.1") + "# edited")
    (rule,) = engine.rules.values()
    assert rule["version"] == "1.0.1"


def test_loading_an_edited_recipe_without_version_replaces(
    engine, new_serving, recipe
) -> None:
    load(new_serving(), recipe())
    load(new_serving(), recipe() + "# edited")
    assert len(engine.rules) == len(engine.blobs) == 1


def test_recipe_that_registers_nothing_is_an_error(new_serving) -> None:
    with pytest.raises(RecipeError, match=r"recipe\.py registers nothing"):
        load(new_serving(), "x = 1")


def test_new_host_restores_stored_sessions(engine, new_serving, recipe) -> None:
    execute(engine, new_serving(), recipe("1.0.0"))
    engine.checked.clear()
    rules = dict(engine.rules)
    new_serving().follow_registry()
    assert list(engine.workers) == ["Persons"]
    assert engine.rules == rules
    assert engine.checked == []


def test_embedded_host_serves_its_own_recipes_only(engine, new_serving, recipe) -> None:
    execute(engine, new_serving(), recipe(name="Others"))
    serving = new_serving(serve_all=False)
    load(serving, recipe(name="Own"))
    serving.follow_registry()
    assert list(engine.workers) == ["Own"]


def test_session_of_another_key_is_not_run(
    engine, new_serving, recipe, tmp_path: Path
) -> None:
    execute(engine, new_serving(), recipe("1.0.0"))
    serving = new_serving(key=Sealer.from_file(tmp_path / "other.key"))
    serving.follow_registry()
    assert not engine.workers
    assert engine.reports["Persons"]["state"] == "sealed"
    assert (
        engine.reports["Persons"]["last_error"]
        == "sealed by another key, load the recipe again"
    )
    # Which is what helps, without a new version.
    load(serving, recipe("1.0.0"))
    assert list(engine.workers) == ["Persons"]
    assert not engine.reports


def test_session_that_no_longer_runs_stays_listed(
    engine, new_serving, recipe, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    source = recipe() + f"\nopen({str(flag)!r}).close()"
    execute(engine, new_serving(), source)
    flag.unlink()
    new_serving().follow_registry()
    assert not engine.workers
    assert engine.reports["Persons"]["state"] == "stopped"
    error = engine.reports["Persons"]["last_error"]
    assert error.startswith("the script line 14: FileNotFoundError: ")
    with pytest.raises(RecipeError, match="FileNotFoundError"):
        load(new_serving(), source)


def test_worker_of_an_unregistered_rule_stops(engine, new_serving, recipe) -> None:
    serving = new_serving()
    execute(engine, serving, recipe())
    engine.unregister(next(iter(engine.rules)))
    serving.follow_registry()
    assert not engine.workers


def test_workers_start_again_with_a_new_lease(engine, new_serving, recipe) -> None:
    serving = new_serving()
    execute(engine, serving, recipe())
    serving.lease_ended()
    engine.workers.clear()
    serving.follow_registry()
    assert list(engine.workers) == ["Persons"]


# -- operators -----------------------------------------------------------------


def test_paused_registration_has_no_worker(engine, new_serving, recipe) -> None:
    serving = new_serving()
    execute(engine, serving, recipe())
    (rule,) = engine.rules.values()
    rule["paused"] = True
    serving.follow_registry()
    assert not engine.workers
    assert engine.reports["Persons"]["state"] == "paused"
    assert engine.reports["Persons"]["last_error"] is None
    rule["paused"] = False
    serving.follow_registry()
    assert list(engine.workers) == ["Persons"]
    assert not engine.reports


def test_another_revision_starts_the_worker_anew(engine, new_serving, recipe) -> None:
    serving = new_serving()
    execute(engine, serving, recipe())
    before = engine.workers["Persons"]
    serving.follow_registry()
    assert engine.workers["Persons"] is before
    next(iter(engine.rules.values()))["revision"] = 1
    serving.follow_registry()
    assert engine.workers["Persons"] is not before


def test_worker_is_hurried_by_name(engine, new_serving, recipe) -> None:
    serving = new_serving()
    execute(engine, serving, recipe())
    serving.drain("Persons")
    serving.drain("Cars")
    assert engine.hurried == ["Persons"]


def test_configuration_at_run_time_is_sealed_and_recalled(
    engine, new_serving, recipe
) -> None:
    serving = new_serving()
    execute(engine, serving, recipe())
    serving.configure({"Key": "s3cret-value"})
    assert serving.services.config("Key", {}) == "s3cret-value"
    assert engine.hurried == ["Persons"]  # it may wait with the old password
    assert b"s3cret-value" not in b"".join(engine.blobs.values())
    again = new_serving()
    assert again.services.config("Key", {}) == "s3cret-value"
    again.follow_registry()
    assert list(engine.workers) == ["Persons"]


def test_configuration_comes_from_the_nearest_that_has_it(
    engine, new_serving, monkeypatch
) -> None:
    serving = new_serving()
    config = serving._config
    monkeypatch.setenv("Key", "environment")
    stored = {"Key": "stored", "Old": "stored"}
    assert serving.services.config("Old", stored) == "stored"
    assert serving.services.config("Key", stored) == "environment"
    config.module_arguments = {"Key": "module"}
    assert serving.services.config("Key", stored) == "module"
    config.values["Key"] = "host"
    assert serving.services.config("Key", stored) == "host"
    serving.configure({"Key": "run time"})
    assert serving.services.config("Key", stored) == "run time"
    assert serving.services.config("None", stored) is None
