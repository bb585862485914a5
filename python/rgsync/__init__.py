"""rgsync's names, served by regear: tables that follow Redis keys."""

from regear._documents import ChildTable
from rgsync._builders import RGWriteBehind, RGWriteThrough
from rgsync._json_builders import RGJSONWriteBehind, RGJSONWriteThrough

__all__ = [
    "ChildTable",
    "RGJSONWriteBehind",
    "RGJSONWriteThrough",
    "RGWriteBehind",
    "RGWriteThrough",
]
