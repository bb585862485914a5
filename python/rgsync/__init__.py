"""rgsync's names, served by regear: tables that follow Redis keys."""

from rgsync._builders import RGWriteBehind, RGWriteThrough
from rgsync._json_builders import RGJSONWriteBehind, RGJSONWriteThrough

__all__ = [
    "RGJSONWriteBehind",
    "RGJSONWriteThrough",
    "RGWriteBehind",
    "RGWriteThrough",
]
