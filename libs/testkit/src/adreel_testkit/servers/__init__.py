"""Private servers: each an async context manager that gives its address, with its own ports and directories.

None of them touches a server that runs on this machine already, and each ends with the process that started it.
"""
