"""How a unit becomes a deck: what of its notebook goes on slides, and how they look."""
