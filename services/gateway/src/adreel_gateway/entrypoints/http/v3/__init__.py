"""Routes under `/api/v3`: every answer in one envelope, errors too."""
