"""Looking into media files. Everything that touches a stranger's bytes runs in the sandbox's child process.

`inspector.SandboxedInspector` is the one entrance; the modules that decode (`pictures`, `films`, `papers`, ...) are
called by the child alone.
"""
