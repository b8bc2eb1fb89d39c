"""Routes under `/api/mv`: bodies without an envelope, errors in a form of their own."""
