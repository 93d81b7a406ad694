"""Print decks as PDF: a page for each slide, and one more for each answer; Chromium does it."""

import os
import shutil
from pathlib import Path

from tqdm import tqdm

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
REMEDY = ("it needs Chromium: install it (Debian and Ubuntu: apt install chromium), or run "
          "`.venv/bin/python -m playwright install chromium`; or print the deck from your browser, "
          "with ?print-pdf at the end of its address")


class NoBrowser(Exception):
    """There is nothing that could print."""


def print_decks(paths: list[Path]) -> None:
    """Write beside each deck its PDF; NoBrowser says what is missing."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise NoBrowser(f"--pdf: playwright is not installed, and {REMEDY}") from None
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    root = hasattr(os, "geteuid") and os.geteuid() == 0     # Chromium's sandbox refuses root
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found,
                                                 args=["--no-sandbox"] if root else [])
        except Error as error:
            raise NoBrowser(f"--pdf: {REMEDY} ({str(error).splitlines()[0]})") from None
        for path in tqdm(paths, unit="PDF", disable=None):
            page = browser.new_page()
            page.goto(f"{path.resolve().as_uri()}?print-pdf")
            page.wait_for_selector("body.ready")
            page.pdf(path=path.with_suffix(".pdf"), prefer_css_page_size=True,
                     print_background=True)
            page.close()
        browser.close()
