"""``python -m regear``."""

from regear.cli import main

main()
