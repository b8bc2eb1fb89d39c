"""Pages for people: the studio, the API reference, a shared video. No external resource in any of them."""
