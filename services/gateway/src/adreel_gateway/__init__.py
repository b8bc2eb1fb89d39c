"""The gateway: the REST API in front of the services. It owns no domain: it parses, authenticates, calls, shapes."""
