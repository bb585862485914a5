"""rgsync's names, served by regear: tables that follow Redis keys."""

from rgsync._builders import (
    RGJSONWriteBehind,
    RGJSONWriteThrough,
    RGWriteBehind,
    RGWriteThrough,
)

__all__ = [
    "RGJSONWriteBehind",
    "RGJSONWriteThrough",
    "RGWriteBehind",
    "RGWriteThrough",
]
