"""A browser's stand-in: keeps cookies, follows redirects one at a time, and
presses the buttons of the authorization server's pages."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

# More pages and redirects than any answer takes.
MOST_STEPS = 20
PATIENCE = 30
TYPED = {"username": "alice", "password": "wonderland"}
# What the user presses.
BUTTONS = {"sign-in", "allow", "sign-out"}


class Browser:
    """One browser, with its cookies."""

    def __init__(self):
        self.session = requests.Session()
        # The buttons that the user has pressed.
        self.pressed = []

    def answer(self, url):
        """Opens an address of the server and does the user's part, up to the
        address that the client is sent to."""
        origin = urlsplit(url)[:2]
        method, fields = "GET", None
        for _ in range(MOST_STEPS):
            page = self.session.request(
                method, url, data=fields, allow_redirects=False, timeout=PATIENCE
            )
            if page.is_redirect:
                url = urljoin(url, page.headers["location"])
                if urlsplit(url)[:2] != origin:
                    return url
                method, fields = "GET", None
                continue
            form = Form(page.text)
            if form.pressed is None:
                raise AssertionError(f"{page.status_code} at {url}:\n{page.text}")
            self.pressed.append(form.pressed)
            method, url, fields = "POST", urljoin(url, form.action or ""), form.fields
        raise AssertionError(f"sent in a circle at {url}")


class Form(HTMLParser):
    """The form of a page that has one of the buttons, as the user sends it."""

    def __init__(self, html):
        super().__init__()
        self.action, self.fields, self.pressed = None, [], None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        name = attributes.get("name")
        if self.pressed:
            return
        if tag == "form":
            self.action, self.fields = attributes.get("action"), []
        elif tag == "input" and name:
            if attributes.get("type") != "checkbox" or "checked" in attributes:
                self.fields.append((name, TYPED.get(name, attributes.get("value", ""))))
        elif tag == "button" and attributes.get("id") in BUTTONS:
            self.pressed = attributes["id"]
            if name:
                self.fields.append((name, attributes.get("value", "")))
