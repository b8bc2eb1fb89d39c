"""The whole suite in a test: started on the embedded parts or on real servers, driven over its REST API."""
