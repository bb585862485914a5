from __future__ import annotations

import ast
import sys
from collections.abc import Callable

import pytest

from regear._runner import ScriptFailed, failure_of
from regear._session import Session

Run = Callable[[str], Session]


def reply_of(run: Run, source: str) -> list[str]:
    with pytest.raises(ScriptFailed) as caught:
        run(source)
    return ast.literal_eval(caught.value.reply)


def test_error_reply_is_a_list_of_traceback_lines(run: Run) -> None:
    lines = reply_of(run, "\nboom()")
    assert lines[0] == "Traceback (most recent call last):\n"
    assert lines[1] == '  File "<string>", line 2, in <module>\n'
    assert lines[-1] == "NameError: name 'boom' is not defined\n"
    assert len(lines) == 3


def test_syntax_error_names_its_line(run: Run) -> None:
    lines = reply_of(run, "x = 1\ny = (\n")
    assert lines[0] == '  File "<string>", line 2\n'
    assert lines[-1].startswith("SyntaxError")


def test_source_lines_are_not_quoted(run: Run) -> None:
    reply = reply_of(run, "password = 'hidden'; boom()")
    assert "hidden" not in str(reply)


def test_leaving_the_interpreter_is_an_error_of_the_script(run: Run) -> None:
    assert reply_of(run, "import sys; sys.exit(3)")[-1] == "SystemExit: 3\n"


def test_known_secret_is_masked_in_the_reply(run: Run) -> None:
    reply = reply_of(
        run,
        "from rgsync.Connectors import PostgresConnection\n"
        "c = PostgresConnection('u', lambda: 'hidden!', 'h/d')\n"
        "raise RuntimeError(str(c.parameters()))\n",
    )
    assert "hidden!" not in str(reply)
    assert "***" in str(reply)


def test_recipe_finds_its_names(run: Run, services) -> None:
    services.replies["HGETALL"] = ["a", "1"]
    services.values["Key"] = "value"
    run(
        "assert __name__ == 'not_main'\n"
        "assert GB is GearsBuilder\n"
        "assert GearsBuilder('KeysReader').reader == 'KeysReader'\n"
        "assert execute('HGETALL', 'x') == ['a', '1']\n"
        "assert configGet('Key') == ConfigGet('Key') == 'value'\n"
        "assert configGet('Missing') is None\n"
        "assert gearsConfigGet('Missing', 'd') == 'd'\n"
        "assert GearsConfigGet('Key', 'd') == 'value'\n"
        "assert hashtag() == '06S'\n"
        "log('one'); log('two', level='warning'); Log('debug', 'three')\n"
    )
    assert services.commands == [("HGETALL", "x")]
    assert services.lines == [
        ("notice", "GEARS: one"),
        ("warning", "GEARS: two"),
        ("debug", "GEARS: three"),
    ]


def test_recipe_imports_redisgears_by_its_names(run: Run, services) -> None:
    services.values["Key"] = "value"
    run(
        "from redisgears import executeCommand as execute, log\n"
        "from redisgears import config_get, getMyHashTag as hashtag\n"
        "from rgsync.common import *\n"
        "execute('PING'); log('hello'); WriteBehindLog('w'); WriteBehindDebug('d')\n"
        "assert config_get('Key') == 'value' and hashtag() == '06S'\n"
        "assert CompareIds('10-0', '9-5') == 1 and CompareIds('1-1', '1-1') == 0\n"
        "assert (OP_KEY, UUID_KEY, ORIGINAL_KEY) == ('#', '_uuid', '_original_key')\n"
    )
    assert services.commands == [("PING",)]
    assert [line for _, line in services.lines] == [
        "GEARS: hello",
        "GEARS: w",
        "GEARS: d",
    ]


def test_sessions_have_globals_of_their_own(run: Run) -> None:
    run("mine = 1")
    assert reply_of(run, "mine")[-1].startswith("NameError")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("GB().register('x', commands=['get'])", "register(commands=…)"),
        ("from rgsync.Connectors import *; DB2Connector(1, 't', 'k')", "DB2Conn"),
        ("from rgsync.Connectors import *; CqlConnector(1, 't', 'k')", "Cql"),
    ],
)
def test_what_is_not_available_says_so(run: Run, source: str, name: str) -> None:
    last = reply_of(run, source)[-1]
    assert name in last
    assert "is not available in this version of regear" in last


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("GB('NoReader')", "The given reader does not exists"),
        ("GB(1)", "reader argument must be a string"),
        ("GB(desc=1)", "desc argument must be a string"),
        ("execute(1)", "the given command must be a string"),
        ("log(1)", "log message must be a string"),
    ],
)
def test_wrong_arguments_are_named(run: Run, source: str, message: str) -> None:
    assert message in reply_of(run, source)[-1]


def test_failure_in_one_line_names_recipe_and_line(run: Run) -> None:
    with pytest.raises(ScriptFailed) as caught:
        run("\n\nGB('NoReader')")
    error = failure_of("recipe.py", caught.value)
    assert str(error) == "recipe.py line 3: The given reader does not exists"


def test_failure_in_one_line_masks_secrets(run: Run) -> None:
    with pytest.raises(ScriptFailed) as caught:
        run(
            "from rgsync.Connectors import PostgresConnection\n"
            "raise RuntimeError(PostgresConnection('u', 'hidden!', 'h/d').passwd)\n"
        )
    assert str(failure_of("r.py", caught.value)) == "r.py line 2: RuntimeError: ***"


def test_names_in_main_are_for_host_processes_only(run: Run) -> None:
    run("pass")
    assert not hasattr(sys.modules["__main__"], "GearsBuilder")


def test_host_process_has_names_in_main(process_mode: None) -> None:
    main = sys.modules["__main__"]
    assert main.GB is main.GearsBuilder
    assert main.configGet("Missing") is None
    assert main.gearsConfigGet("Missing", 7) == 7
    assert "redisgears" in sys.modules
