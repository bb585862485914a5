"""What GearsBuilder describes, and how it is run."""
