"""What travels under `/api/v3`: requests as they are taken, answers as they are given, and how messages become them."""
