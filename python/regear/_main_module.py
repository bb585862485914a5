"""What client libraries look for in the process that is the host."""

from __future__ import annotations

import sys
from importlib import import_module

from regear import _redgrease
from regear._builder import GearsBuilder
from regear._globals import RecipeApi
from regear._session import (
    Services,
    Session,
    current_session,
    new_session_id,
    set_default,
)


def install(services: Services) -> None:
    """Give ``__main__`` its names; ``redisgears`` is imported beforehand."""
    # For threads that a recipe started, where no session is known.
    set_default(Session(id=new_session_id(), source="", services=services))
    api = RecipeApi(current_session)
    main = sys.modules["__main__"]
    vars(main).update(
        GB=GearsBuilder,
        GearsBuilder=GearsBuilder,
        configGet=api.config_get,
        gearsConfigGet=api.config_get_or,
    )
    import_module("redisgears")
    import_module("cloudpickle")  # the version that hosts and clients agree on
    _redgrease.install()
