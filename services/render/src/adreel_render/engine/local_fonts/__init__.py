"""The fonts that travel with the engine, with their licences (SIL OFL 1.1) beside them."""
