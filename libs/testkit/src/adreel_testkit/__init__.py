"""Real servers and stand-in providers for tests, each private to the test run and always stopped."""
