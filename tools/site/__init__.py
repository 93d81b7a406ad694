"""How the site is made: its pages, the reference of the library, their links, and how they look."""
