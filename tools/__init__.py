"""Builders behind course.py; the library never imports them."""
