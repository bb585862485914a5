"""Runs the source of a recipe."""

from __future__ import annotations

import traceback
from types import TracebackType

from regear._globals import recipe_globals
from regear._session import Session
from regear.errors import GearsFlatError, RecipeError, RegearError

#: What tracebacks call a recipe; nothing is stored under this name, so no
#: line of a recipe (they hold secrets) is ever quoted from it.
SOURCE_NAME = "<string>"


class ScriptFailed(Exception):
    """A recipe raised; the text is the error reply of RG.PYEXECUTE."""

    def __init__(self, cause: BaseException, session: Session) -> None:
        self.reply = describe(session, cause)
        self.cause = cause
        self.secrets = session.secrets
        super().__init__(self.reply)


def run_recipe(session: Session) -> None:
    """Run the session's source; it collects what the recipe registers."""
    with session.active():
        try:
            code = compile(session.source, SOURCE_NAME, "exec", dont_inherit=True)
            exec(code, recipe_globals(session))
        except (Exception, SystemExit) as error:
            raise ScriptFailed(error, session) from error
        finally:
            session.has_ended = True


def describe(session: Session, error: BaseException) -> str:
    """An error of one of its functions, in an execution."""
    attempt = session.config_get("PythonAttemptTraceback") != "0"
    return session.secrets.redact(error_reply(error, attempt))


def error_reply(error: BaseException, with_traceback: bool = True) -> str:
    """The repr of a list of strings: what clients of RedisGears parse."""
    if isinstance(error, GearsFlatError):
        return str(error)
    if not with_traceback:
        return f"Error type: {type(error)}, Value: {error}"
    frames = _from_the_recipe_on(error.__traceback__)
    return str(traceback.format_exception(type(error), error, frames))


def _from_the_recipe_on(frames: TracebackType | None) -> TracebackType | None:
    while frames and frames.tb_frame.f_code.co_filename != SOURCE_NAME:
        frames = frames.tb_next
    return frames


def failure_of(name: str, failure: ScriptFailed) -> RecipeError:
    """The same failure in one line, for a person."""
    error = failure.cause
    line = _line_of(error)
    place = f"{name} line {line}" if line else name
    message, hint = f"{type(error).__name__}: {error}", ""
    if isinstance(error, RegearError):
        message, hint = error.message, error.hint
    redact = failure.secrets.redact
    return RecipeError(f"{place}: {redact(message)}", redact(hint))


def _line_of(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == SOURCE_NAME:
        return error.lineno
    frames = _from_the_recipe_on(error.__traceback__)
    return frames.tb_lineno if frames else None
