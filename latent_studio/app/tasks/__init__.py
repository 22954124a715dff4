"""The verbs: what the command line and the window can do, one file each.

A task is a frozen dataclass of options, a frozen result, and a function between them that takes the studio,
a progress sink and a cancel token. Importing one costs little: torch comes in when it runs.
"""
